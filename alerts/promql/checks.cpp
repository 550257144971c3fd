#include "alerts/promql/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "alerts/promql/functions.h"
#include "alerts/promql/lexer.h"

namespace pgvigil::promql {

namespace {

void expect(const Node& node, Type wanted, std::string_view by) {
  const Type type = type_of(node);
  if (type != wanted)
    fail(node.offset, fmt::format("{} takes a {} here, not a {}", by, to_string(wanted), to_string(type)));
}

bool is_label_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), part);
}

void check_content(const Node&, const Number&) {}
void check_content(const Node&, const Text&) {}
// PromQL refuses what selects by absence alone; a metric's name, which every selector here has, is enough.
void check_content(const Node&, const VectorSelector&) {}
void check_content(const Node&, const RangeSelector&) {}

void check_content(const Node& node, const Negation& negation) {
  check(*negation.operand);
  const Type type = type_of(*negation.operand);
  if (type != Type::scalar && type != Type::vector) {
    fail(node.offset, fmt::format("a sign belongs to a number or an instant vector, not to a {}", to_string(type)));
  }
}

void check_content(const Node& node, const Binary& binary) {
  check(*binary.left);
  check(*binary.right);
  for (const Node* side : {binary.left.get(), binary.right.get()}) {
    const Type type = type_of(*side);
    if (type == Type::scalar || type == Type::vector) continue;
    fail(side->offset,
         fmt::format("{} takes numbers and instant vectors, not a {}", to_string(binary.op), to_string(type)));
  }
  const bool left = type_of(*binary.left) == Type::vector;
  const bool right = type_of(*binary.right) == Type::vector;
  if (is_comparison(binary.op) && !left && !right && !binary.returns_bool) {
    fail(node.offset, "a comparison of two numbers needs the modifier bool");
  }
  if (is_set_operator(binary.op) && !(left && right)) {
    fail(node.offset, fmt::format("{} takes two instant vectors", to_string(binary.op)));
  }
  if (binary.matching.given && !(left && right))
    fail(node.offset, "on and ignoring belong between two instant vectors");
  if (is_set_operator(binary.op) && binary.matching.cardinality != Matching::Cardinality::one_to_one) {
    fail(node.offset, fmt::format("{} takes no group_left or group_right", to_string(binary.op)));
  }
}

void check_content(const Node&, const Aggregation& aggregation) {
  check(*aggregation.operand);
  expect(*aggregation.operand, Type::vector, "an aggregation");
  if (!aggregation.parameter) return;
  check(*aggregation.parameter);
  expect(*aggregation.parameter, Type::scalar, "an aggregation");
}

void check_arity(const Node& node, const Call& call) {
  const Function& function = *call.function;
  const std::size_t given = call.arguments.size();
  const std::size_t most = function.arguments.size();
  const std::size_t least = most - function.optional - (function.variadic ? 1 : 0);
  if (given >= least && (given <= most || function.variadic)) return;
  const std::string wanted = least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
  fail(node.offset, fmt::format("{} takes {} argument{}, not {}", function.name,
                                function.variadic ? fmt::format("at least {}", least) : wanted,
                                most == 1 && !function.variadic ? "" : "s", given));
}

const std::string& text_of(const Node& node) {
  return std::get<Text>(node.content).value;
}

void check_label(const Node& node) {
  if (!is_label_name(text_of(node))) fail(node.offset, "not the name of a label");
  if (text_of(node) == "__name__") fail(node.offset, "the name of a metric cannot be made");
}

void check_label_functions(const Call& call) {
  const auto& how = call.function->how;
  if (!std::holds_alternative<Special>(how)) return;
  if (std::get<Special>(how) == Special::label_replace) check_label(*call.arguments[1]);
  if (std::get<Special>(how) != Special::label_join) return;
  check_label(*call.arguments[1]);
  for (std::size_t i = 3; i < call.arguments.size(); ++i) {
    if (!is_label_name(text_of(*call.arguments[i]))) fail(call.arguments[i]->offset, "not the name of a label");
  }
}

void check_content(const Node& node, const Call& call) {
  check_arity(node, call);
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    check(*call.arguments[i]);
    const auto& types = call.function->arguments;
    expect(*call.arguments[i], types[std::min(i, types.size() - 1)], call.function->name);
  }
  check_label_functions(call);
}

}  // namespace

void check(const Node& root) {
  std::visit([&](const auto& content) { check_content(root, content); }, root.content);
}

}  // namespace pgvigil::promql
