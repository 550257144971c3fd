#pragma once

#include "alerts/promql/ast.h"
#include "alerts/promql/value.h"

namespace pgvigil::promql {

// The elements of a vector brought together by labels. `parameter` is that of topk, bottomk and quantile. A group with
// an element that is not known gives an element that is not known. Throws Error::invalid for a parameter that is no
// count.
Vector aggregate(const Aggregation& aggregation, const Vector& vector, const Scalar& parameter, Workspace& workspace);

}  // namespace pgvigil::promql
