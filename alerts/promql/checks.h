#pragma once

#include "alerts/promql/ast.h"

namespace pgvigil::promql {

// Finds what is grammatical and has no meaning: operators and functions on the wrong types, too few arguments, a result
// that is no number and no instant vector. Throws Failure.
void check(const Node& root);

}  // namespace pgvigil::promql
