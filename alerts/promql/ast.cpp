#include "alerts/promql/ast.h"

#include <array>

#include "alerts/promql/functions.h"

namespace pgvigil::promql {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::scalar: return "number";
    case Type::vector: return "instant vector";
    case Type::range: return "range vector";
    case Type::text: return "text";
  }
  return "?";
}

std::string_view to_string(Operator op) {
  static constexpr std::array<std::string_view, 15> words{
      "+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "unless"};
  return words.at(static_cast<std::size_t>(op));
}

milliseconds span_of(const VectorSelector& selector, milliseconds range) {
  return selector.offset + (range == milliseconds(0) ? lookback : range);
}

std::string history_key(const VectorSelector& selector, milliseconds range) {
  return to_string(selector.selector) + (span_of(selector, range) > longest_fine_span ? " each minute" : "");
}

Type type_of(const Node& node) {
  if (std::holds_alternative<Number>(node.content)) return Type::scalar;
  if (std::holds_alternative<Text>(node.content)) return Type::text;
  if (std::holds_alternative<RangeSelector>(node.content)) return Type::range;
  if (const auto* negation = std::get_if<Negation>(&node.content)) return type_of(*negation->operand);
  if (const auto* call = std::get_if<Call>(&node.content)) return call->function->returns;
  if (const auto* binary = std::get_if<Binary>(&node.content)) {
    const bool scalar = type_of(*binary->left) == Type::scalar && type_of(*binary->right) == Type::scalar;
    return scalar ? Type::scalar : Type::vector;
  }
  return Type::vector;
}

}  // namespace pgvigil::promql
