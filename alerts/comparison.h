#pragma once

#include "alerts/truth.h"

namespace pgvigil {

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };

// Unknown when `value` is not a number.
Truth compare(double value, Comparison comparison, double bound);

}  // namespace pgvigil
