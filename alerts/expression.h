#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "alerts/selector.h"
#include "alerts/truth.h"

namespace pgvigil {

enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal };

// Unknown when `value` is not a number.
Truth compare(double value, Comparison comparison, double bound);

std::string_view to_string(Comparison comparison);

// A selector, optionally compared with a number: the part of PromQL that rules may use. What is accepted means what it
// means in Prometheus.
struct Expression {
  Selector selector;
  std::optional<Comparison> comparison;
  double bound = 0;
};

struct SyntaxError {
  std::size_t offset = 0;  // in bytes from the start of the text
  std::string what;        // what is wrong and what is allowed
};

std::variant<Expression, SyntaxError> parse_expression(std::string_view text);

}  // namespace pgvigil
