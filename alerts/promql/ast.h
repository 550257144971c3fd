#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "alerts/selector.h"
#include "core/clock.h"

// An expression as a tree. Immutable once the parser has made it; any thread.
namespace pgvigil::promql {

enum class Type { scalar, vector, range, text };
std::string_view to_string(Type type);  // "an instant vector", …

struct Node;
using NodePtr = std::shared_ptr<const Node>;
struct Function;

struct Number {
  double value = 0;
};

struct Text {
  std::string value;
};

struct VectorSelector {
  Selector selector;
  milliseconds offset{0};
  std::string history;  // the key of its samples in the history; empty when it reads what is current
};

// Windows and offsets that reach further back than this are kept at one sample a minute.
constexpr milliseconds longest_fine_span = std::chrono::minutes(15);

// How long Prometheus takes the last sample of a series for its value.
constexpr milliseconds lookback = std::chrono::minutes(5);

// How far back a selector looks; `range` is zero for an instant selector.
milliseconds span_of(const VectorSelector& selector, milliseconds range);

// Equal for selectors that can share their samples.
std::string history_key(const VectorSelector& selector, milliseconds range);

struct RangeSelector {
  VectorSelector of;
  milliseconds range{0};
};

struct Negation {
  NodePtr operand;
};

enum class Operator {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  all_of,  // and
  any_of,  // or
  unless,
};
std::string_view to_string(Operator op);
constexpr bool is_comparison(Operator op) {
  return op >= Operator::equal && op <= Operator::greater_equal;
}
constexpr bool is_set_operator(Operator op) {
  return op >= Operator::all_of;
}

// How the elements of two vectors find each other.
struct Matching {
  enum class Cardinality { one_to_one, many_to_one, one_to_many };
  bool given = false;  // on or ignoring was written
  bool on = false;     // these labels only; otherwise all but these
  std::vector<std::string> labels;
  Cardinality cardinality = Cardinality::one_to_one;
  std::vector<std::string> include;  // what group_left or group_right takes from the "one" side
};

struct Binary {
  Operator op = Operator::add;
  bool returns_bool = false;
  Matching matching;
  NodePtr left;
  NodePtr right;
};

enum class Aggregate { sum, min, max, avg, count, topk, bottomk, quantile };

struct Aggregation {
  Aggregate kind = Aggregate::sum;
  bool without = false;
  std::vector<std::string> labels;
  NodePtr parameter;  // of topk, bottomk and quantile
  NodePtr operand;
};

struct Call {
  const Function* function = nullptr;
  std::vector<NodePtr> arguments;
  std::optional<LabelRegex> pattern;  // of label_replace
};

struct Node {
  std::size_t offset = 0;  // where it begins in the text, in bytes
  std::variant<Number, Text, VectorSelector, RangeSelector, Negation, Binary, Aggregation, Call> content;
};

template <typename Content>
NodePtr make_node(std::size_t offset, Content content) {
  auto made = std::make_shared<Node>();
  made->offset = offset;
  made->content = std::move(content);
  return made;
}

Type type_of(const Node& node);

// Calls `visit` with every selector in the tree; `range` is zero for an instant selector.
template <typename Visitor>
void for_each_selector(const Node& node, const Visitor& visit) {
  if (const auto* instant = std::get_if<VectorSelector>(&node.content)) visit(*instant, milliseconds(0));
  if (const auto* range = std::get_if<RangeSelector>(&node.content)) visit(range->of, range->range);
  if (const auto* negation = std::get_if<Negation>(&node.content)) for_each_selector(*negation->operand, visit);
  if (const auto* binary = std::get_if<Binary>(&node.content)) {
    for_each_selector(*binary->left, visit);
    for_each_selector(*binary->right, visit);
  }
  if (const auto* aggregation = std::get_if<Aggregation>(&node.content)) {
    if (aggregation->parameter) for_each_selector(*aggregation->parameter, visit);
    for_each_selector(*aggregation->operand, visit);
  }
  if (const auto* call = std::get_if<Call>(&node.content)) {
    for (const NodePtr& argument : call->arguments) for_each_selector(*argument, visit);
  }
}

}  // namespace pgvigil::promql
