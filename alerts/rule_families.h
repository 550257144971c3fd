#pragma once

#include <vector>

#include "alerts/evaluator.h"
#include "core/sample.h"

namespace pgvigil {

// What /metrics says of each rule at the last evaluation, and of what windows keep.
std::vector<Family> rule_families(const Evaluator::Status& status);

}  // namespace pgvigil
