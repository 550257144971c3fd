#pragma once

#include <string_view>

#include "alerts/promql/ast.h"

namespace pgvigil::promql {

// Reads an expression as Prometheus 2.42 does (generated_parser.y), of which it takes a part; what a text means, and
// what is refused, is found here and by check(). Throws Failure.
NodePtr parse(std::string_view text);

}  // namespace pgvigil::promql
