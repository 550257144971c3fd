#pragma once

#include "alerts/promql/ast.h"
#include "alerts/promql/value.h"

namespace pgvigil::promql {

// label_replace(v, destination, replacement, source, regex) and label_join(v, destination, separator, source …). Throw
// Error::invalid when two elements of the result have the same labels.
Vector label_replace(const Call& call, Vector vector, Workspace& workspace);
Vector label_join(const Call& call, Vector vector, Workspace& workspace);

}  // namespace pgvigil::promql
