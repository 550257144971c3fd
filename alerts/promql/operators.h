#pragma once

#include <optional>

#include "alerts/promql/ast.h"
#include "alerts/promql/value.h"
#include "alerts/truth.h"

namespace pgvigil::promql {

// A pair of numbers under an arithmetic operator or a comparison (1 or 0).
double combine(Operator op, double left, double right);

Vector combine(const Binary& binary, Vector vector, const Scalar& scalar, bool scalar_is_left, Workspace& workspace);

// Two vectors under any operator. Throws Error::invalid when an element finds more than one partner.
Vector combine(const Binary& binary, Vector left, Vector right, Workspace& workspace);

}  // namespace pgvigil::promql
