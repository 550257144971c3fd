#include "alerts/promql/expression.h"

#include <optional>

#include "alerts/promql/checks.h"
#include "alerts/promql/lexer.h"
#include "alerts/promql/parser.h"

namespace pgvigil::promql {

namespace {

void check_result(const Node& root) {
  const Type type = type_of(root);
  if (type == Type::scalar || type == Type::vector) return;
  fail(root.offset,
       type == Type::text ? "a text is no result" : "a range vector is no result; a function must read it");
}

}  // namespace

std::variant<Expression, SyntaxError> Expression::parse(std::string_view text) {
  try {
    Expression result;
    result.text_ = std::string(text);
    result.root_ = promql::parse(text);
    check(*result.root_);
    check_result(*result.root_);
    for_each_selector(*result.root_, [&](const VectorSelector& selector, milliseconds range) {
      result.metrics_.insert(selector.selector.metric);
      if (selector.history.empty()) return;
      const milliseconds span = span_of(selector, range);
      result.needs_.push_back({selector.history, selector.selector, span, span > longest_fine_span});
    });
    return result;
  } catch (const Failure& failure) {
    return failure.error;
  }
}

Labels Expression::fixed_labels() const {
  std::optional<Labels> result;
  for_each_selector(*root_, [&](const VectorSelector& selector, milliseconds) {
    const Labels fixed = selector.selector.fixed_labels();
    if (!result) result = fixed;
    std::erase_if(*result, [&](const auto& label) {
      const auto same = fixed.find(label.first);
      return same == fixed.end() || same->second != label.second;
    });
  });
  return result.value_or(Labels{});
}

}  // namespace pgvigil::promql
