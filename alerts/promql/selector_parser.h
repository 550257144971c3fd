#pragma once

#include <optional>
#include <string>

#include "alerts/label_regex.h"
#include "alerts/promql/ast.h"
#include "alerts/promql/token_cursor.h"

namespace pgvigil::promql {

// Reads the matchers behind `metric`, which was read at `offset`; without a metric, {__name__="…", …}.
NodePtr parse_selector(TokenCursor& tokens, const std::string& metric, std::size_t offset);

// Reads [5m] and offset behind a node, which belong to selectors only; not to one in parentheses (`bare` is false).
NodePtr parse_modifiers(TokenCursor& tokens, NodePtr of, bool bare);

// Throws Failure for what is refused.
std::optional<LabelRegex> compile_pattern(const std::string& pattern, std::size_t offset);

}  // namespace pgvigil::promql
