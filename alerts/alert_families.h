#pragma once

#include <vector>

#include "alerts/alert.h"
#include "alerts/evaluator.h"
#include "core/sample.h"

namespace pgvigil {

// What /metrics says of alerts: how many there are, and each one as Prometheus would write its own (ALERTS and
// ALERTS_FOR_STATE), so that dashboards made for those work.
std::vector<Family> alert_families(const std::vector<AlertView>& alerts);

// What it says of the evaluation.
std::vector<Family> evaluator_families(const Evaluator::Status& status);

}  // namespace pgvigil
