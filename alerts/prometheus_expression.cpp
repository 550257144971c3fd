#include "alerts/prometheus_expression.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "alerts/promql/functions.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using promql::Aggregation;
using promql::Binary;
using promql::Call;
using promql::Matching;
using promql::Node;
using promql::Operator;

// How tightly an expression holds together; what stands alone needs no parentheses anywhere.
constexpr int alone = 8;
constexpr int unary = 6;
constexpr int power = 7;

int binding(Operator op) {
  switch (op) {
    case Operator::any_of: return 1;
    case Operator::all_of:
    case Operator::unless: return 2;
    case Operator::add:
    case Operator::subtract: return 4;
    case Operator::multiply:
    case Operator::divide:
    case Operator::modulo: return 5;
    case Operator::power: return power;
    default: return 3;
  }
}

int binding(const Node& node) {
  if (const auto* binary = std::get_if<Binary>(&node.content)) return binding(binary->op);
  if (std::holds_alternative<promql::Negation>(node.content)) return unary;
  const auto* number = std::get_if<promql::Number>(&node.content);
  return number != nullptr && std::signbit(number->value) ? unary : alone;
}

std::string text_of(const Node& node);

std::string within(const Node& node, bool parentheses) {
  return parentheses ? "(" + text_of(node) + ")" : text_of(node);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string string_literal(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string list_of(std::string_view word, std::vector<std::string> labels, bool with_server) {
  if (with_server) labels.insert(labels.begin(), {"job", "instance"});
  return fmt::format("{} ({})", word, join(labels, ", "));
}

std::string matching_text(const Binary& binary) {
  const Matching& matching = binary.matching;
  std::string text = binary.returns_bool ? " bool" : "";
  if (matching.given) text += " " + list_of(matching.on ? "on" : "ignoring", matching.labels, matching.on);
  if (matching.cardinality == Matching::Cardinality::one_to_one) return text;
  const bool left = matching.cardinality == Matching::Cardinality::many_to_one;
  return text + " " + list_of(left ? "group_left" : "group_right", matching.include, false);
}

std::string binary_text(const Binary& binary) {
  const int own = binding(binary.op);
  const bool from_the_right = binary.op == Operator::power;  // a ^ b ^ c is a ^ (b ^ c)
  const bool left = binding(*binary.left) < own + (from_the_right ? 1 : 0);
  const bool right = binding(*binary.right) < own + (from_the_right ? 0 : 1);
  return fmt::format("{} {}{} {}", within(*binary.left, left), to_string(binary.op), matching_text(binary),
                     within(*binary.right, right));
}

std::string_view name_of(promql::Aggregate kind) {
  constexpr std::array<std::string_view, 8> names{"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string aggregation_text(const Aggregation& aggregation) {
  const std::string parameter = aggregation.parameter ? text_of(*aggregation.parameter) + ", " : "";
  return fmt::format("{} {} ({}{})", name_of(aggregation.kind),
                     list_of(aggregation.without ? "without" : "by", aggregation.labels, !aggregation.without),
                     parameter, text_of(*aggregation.operand));
}

std::string call_text(const Call& call) {
  std::vector<std::string> arguments;
  arguments.reserve(call.arguments.size());
  for (const promql::NodePtr& argument : call.arguments) arguments.push_back(text_of(*argument));
  return fmt::format("{}({})", call.function->name, join(arguments, ", "));
}

std::string offset_text(milliseconds offset) {
  if (offset.count() == 0) return "";
  return fmt::format(" offset {}{}", offset.count() < 0 ? "-" : "", prometheus_duration(std::chrono::abs(offset)));
}

std::string selector_text(const promql::VectorSelector& selector, const std::string& window) {
  return to_string(selector.selector) + window + offset_text(selector.offset);
}

struct Writer {
  std::string operator()(const promql::Number& number) const { return number_text(number.value); }
  std::string operator()(const promql::Text& text) const { return string_literal(text.value); }
  std::string operator()(const promql::VectorSelector& selector) const { return selector_text(selector, ""); }
  std::string operator()(const promql::RangeSelector& range) const {
    return selector_text(range.of, "[" + prometheus_duration(range.range) + "]");
  }
  std::string operator()(const promql::Negation& negation) const {
    return "-" + within(*negation.operand, binding(*negation.operand) < unary);
  }
  std::string operator()(const Binary& binary) const { return binary_text(binary); }
  std::string operator()(const Aggregation& aggregation) const { return aggregation_text(aggregation); }
  std::string operator()(const Call& call) const { return call_text(call); }
};

std::string text_of(const Node& node) {
  return std::visit(Writer{}, node.content);
}

}  // namespace

std::string prometheus_duration(milliseconds duration) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}}};
  for (const auto& [size, name] : units) {
    if (duration.count() % size == 0 && duration.count() > 0) return fmt::format("{}{}", duration.count() / size, name);
  }
  return duration.count() == 0 ? "0s" : fmt::format("{}ms", duration.count());
}

std::string prometheus_expression(const promql::Node& node) {
  return text_of(node);
}

}  // namespace pgvigil
