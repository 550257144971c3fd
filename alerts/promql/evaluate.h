#pragma once

#include <cstdint>

#include "alerts/promql/ast.h"
#include "alerts/promql/sample_source.h"
#include "alerts/promql/value.h"

namespace pgvigil::promql {

// When an expression is evaluated, in milliseconds.
struct Moment {
  std::int64_t now = 0;   // on the axis of the samples
  std::int64_t wall = 0;  // since 1970, for time() and timestamp()
};

// The value of a checked expression, as Prometheus 2.42 would compute it (promql/engine.go), and how much of it is
// known. The result is valid as long as workspace and source. Throws Error::invalid for what only shows with data, such
// as many-to-many matching.
Value evaluate(const Node& node, const SampleSource& source, const Moment& moment, Workspace& workspace);

}  // namespace pgvigil::promql
