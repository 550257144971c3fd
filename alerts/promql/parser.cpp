#include "alerts/promql/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "alerts/promql/functions.h"
#include "alerts/promql/selector_parser.h"
#include "alerts/promql/token_cursor.h"
#include "core/text.h"

namespace pgvigil::promql {

namespace {

// A stack must not end before a hostile expression does.
constexpr int deepest_nesting = 100;
constexpr std::size_t longest_text = 8192;

struct OperatorWord {
  std::string_view word;
  Operator op;
  int precedence;
};
constexpr std::array<OperatorWord, 15> operators{{{"or", Operator::any_of, 1},
                                                  {"and", Operator::all_of, 2},
                                                  {"unless", Operator::unless, 2},
                                                  {"==", Operator::equal, 3},
                                                  {"!=", Operator::not_equal, 3},
                                                  {"<", Operator::less, 3},
                                                  {"<=", Operator::less_equal, 3},
                                                  {">", Operator::greater, 3},
                                                  {">=", Operator::greater_equal, 3},
                                                  {"+", Operator::add, 4},
                                                  {"-", Operator::subtract, 4},
                                                  {"*", Operator::multiply, 5},
                                                  {"/", Operator::divide, 5},
                                                  {"%", Operator::modulo, 5},
                                                  {"^", Operator::power, 6}}};
constexpr int power_precedence = 6;

constexpr std::array<std::pair<std::string_view, Aggregate>, 8> aggregates{{{"sum", Aggregate::sum},
                                                                            {"min", Aggregate::min},
                                                                            {"max", Aggregate::max},
                                                                            {"avg", Aggregate::avg},
                                                                            {"count", Aggregate::count},
                                                                            {"topk", Aggregate::topk},
                                                                            {"bottomk", Aggregate::bottomk},
                                                                            {"quantile", Aggregate::quantile}}};

std::optional<Aggregate> aggregate_named(const Token& token) {
  if (token.kind != Token::Kind::word) return std::nullopt;
  const std::string word = lower(token.written);
  for (const auto& [name, kind] : aggregates) {
    if (name == word) return kind;
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  NodePtr parse() {
    if (tokens_.at_end()) tokens_.fail_here("expected an expression");
    NodePtr result = expression(0);
    if (!tokens_.at_end())
      tokens_.fail_here(fmt::format("expected an operator or the end, not {}", tokens_.peek().written));
    return result;
  }

 private:
  class Descent {  // counts how deep the parser is in itself
   public:
    Descent(int& depth, std::size_t offset) : depth_(depth) {
      if (++depth_ > deepest_nesting) fail(offset, "the expression is nested too deeply");
    }
    ~Descent() { --depth_; }
    Descent(const Descent&) = delete;
    Descent& operator=(const Descent&) = delete;

   private:
    int& depth_;
  };

  const OperatorWord* operator_here() const {
    const Token& token = tokens_.peek();
    if (token.kind != Token::Kind::symbol && token.kind != Token::Kind::word) return nullptr;
    const std::string word = lower(token.written);
    const auto* const found =
        std::find_if(operators.begin(), operators.end(), [&](const OperatorWord& one) { return one.word == word; });
    if (found == operators.end() && word == "atan2") tokens_.fail_here("the operator atan2 is not supported");
    return found == operators.end() ? nullptr : found;
  }

  // Operators that bind more tightly than `precedence`; only ^ takes its right side first.
  NodePtr expression(int precedence) {
    const Descent descent(depth_, tokens_.peek().offset);
    NodePtr left = unary();
    while (const OperatorWord* word = operator_here()) {
      if (word->precedence <= precedence) break;
      left = binary(std::move(left), *word);
    }
    return left;
  }

  NodePtr binary(NodePtr left, const OperatorWord& word) {
    const std::size_t offset = tokens_.peek().offset;
    tokens_.skip();
    Binary result;
    result.op = word.op;
    result.left = std::move(left);
    if (tokens_.next_is_word("bool")) {
      if (!is_comparison(word.op)) tokens_.fail_here("bool belongs to comparisons only");
      tokens_.skip();
      result.returns_bool = true;
    }
    result.matching = matching();
    result.right = expression(word.op == Operator::power ? word.precedence - 1 : word.precedence);
    return make_node(offset, std::move(result));
  }

  Matching matching() {
    Matching result;
    if (!tokens_.next_is_word("on") && !tokens_.next_is_word("ignoring")) return result;
    result.given = true;
    result.on = tokens_.next_is_word("on");
    tokens_.skip();
    result.labels = tokens_.label_list();
    const bool left = tokens_.next_is_word("group_left");
    if (!left && !tokens_.next_is_word("group_right")) return result;
    result.cardinality = left ? Matching::Cardinality::many_to_one : Matching::Cardinality::one_to_many;
    const std::size_t offset = tokens_.peek().offset;
    tokens_.skip();
    if (tokens_.next_is("(")) result.include = tokens_.label_list();
    for (const std::string& label : result.include) {
      const bool both =
          result.on && std::find(result.labels.begin(), result.labels.end(), label) != result.labels.end();
      if (both) fail(offset, fmt::format("the label {} stands in on and in the grouping", label));
    }
    return result;
  }

  // A sign binds like * and therefore less than ^: -2 ^ 2 is -4.
  NodePtr unary() {
    const std::size_t offset = tokens_.peek().offset;
    const bool minus = tokens_.next_is("-");
    if (!minus && !tokens_.next_is("+")) return primary();
    tokens_.skip();
    const Descent descent(depth_, offset);
    NodePtr operand = expression(power_precedence - 1);
    if (!minus) return operand;
    if (const auto* number = std::get_if<Number>(&operand->content)) return make_node(offset, Number{-number->value});
    return make_node(offset, Negation{std::move(operand)});
  }

  NodePtr primary() {
    const Token& token = tokens_.peek();
    NodePtr result;
    switch (token.kind) {
      case Token::Kind::number: result = make_node(token.offset, Number{tokens_.number()}); break;
      case Token::Kind::text:
        tokens_.skip();
        result = make_node(token.offset, Text{token.text});
        break;
      case Token::Kind::word: result = word(); break;
      case Token::Kind::duration:
        tokens_.fail_here("a number in an expression has no unit: thresholds take units, expressions do not");
      default: result = parenthesis(); break;
    }
    const bool bare = result != in_parentheses_;
    return parse_modifiers(tokens_, std::move(result), bare);
  }

  NodePtr parenthesis() {
    if (tokens_.next_is("{")) return parse_selector(tokens_, "", tokens_.peek().offset);
    if (!tokens_.take("("))
      tokens_.fail_here(tokens_.at_end() ? "the expression ends too early" : "expected a number, a metric or (");
    NodePtr result = expression(0);
    tokens_.expect(")");
    in_parentheses_ = result;
    return result;
  }

  NodePtr word() {
    const Token& token = tokens_.peek();
    const std::string word = lower(token.written);
    if (word == "inf" || word == "nan") {
      tokens_.skip();
      return make_node(token.offset, Number{word == "inf" ? std::numeric_limits<double>::infinity()
                                                          : std::numeric_limits<double>::quiet_NaN()});
    }
    const auto follows = [&](std::string_view text) { return lower(tokens_.peek(1).written) == text; };
    if (follows("(") || follows("by") || follows("without")) {
      if (const auto kind = aggregate_named(token)) return aggregation(*kind);
    }
    if (follows("(")) return call();
    tokens_.skip();
    return parse_selector(tokens_, std::string(token.written), token.offset);
  }

  NodePtr aggregation(Aggregate kind) {
    const Token& name = tokens_.peek();
    tokens_.skip();
    Aggregation result;
    result.kind = kind;
    bool grouped = grouping(result);
    tokens_.expect("(");
    std::vector<NodePtr> arguments = argument_list();
    if (!grouped) grouping(result);
    const bool parameter = kind == Aggregate::topk || kind == Aggregate::bottomk || kind == Aggregate::quantile;
    const std::size_t wanted = parameter ? 2 : 1;
    if (arguments.size() != wanted) {
      fail(name.offset, fmt::format("{} takes {}", name.written, parameter ? "a number and a vector" : "one vector"));
    }
    if (parameter) result.parameter = arguments.front();
    result.operand = arguments.back();
    return make_node(name.offset, std::move(result));
  }

  bool grouping(Aggregation& result) {
    const bool without = tokens_.next_is_word("without");
    if (!without && !tokens_.next_is_word("by")) return false;
    tokens_.skip();
    result.without = without;
    result.labels = tokens_.label_list();
    return true;
  }

  std::vector<NodePtr> argument_list() {
    std::vector<NodePtr> result;
    while (!tokens_.take(")")) {
      result.push_back(expression(0));
      if (tokens_.take(")")) return result;
      tokens_.expect(",");
      if (tokens_.next_is(")")) tokens_.fail_here("an argument is missing");
    }
    return result;
  }

  NodePtr call() {
    const Token& name = tokens_.peek();
    const Function* const function = find_function(name.written);
    if (function == nullptr) tokens_.fail_here(unknown_function(name.written));
    tokens_.skip(2);
    Call result{function, argument_list(), {}};
    const bool pattern = result.arguments.size() == 5 && std::holds_alternative<Text>(result.arguments[4]->content);
    if (pattern) {
      const Node& text = *result.arguments[4];
      result.pattern = compile_pattern(std::get<Text>(text.content).value, text.offset);
    }
    return make_node(name.offset, std::move(result));
  }

  TokenCursor tokens_;
  int depth_ = 0;
  NodePtr in_parentheses_;  // what the last pair of parentheses held: it is no bare selector any more
};

}  // namespace

NodePtr parse(std::string_view text) {
  if (text.size() > longest_text) fail(longest_text, "the expression is longer than 8192 bytes");
  return Parser(text).parse();
}

}  // namespace pgvigil::promql
