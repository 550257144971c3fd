#pragma once

#include <string>

#include "alerts/promql/ast.h"
#include "core/clock.h"

namespace pgvigil {

// A duration as PromQL and Prometheus' rule files take it: 90m, 3d, 1500ms.
std::string prometheus_duration(milliseconds duration);

// The expression for a Prometheus that may scrape many servers: what `on` and `by` bring together, and what an
// aggregation without them sums up, is kept apart by the labels job and instance, which only Prometheus adds. Where
// they are not there, nothing changes.
std::string prometheus_expression(const promql::Node& node);

}  // namespace pgvigil
