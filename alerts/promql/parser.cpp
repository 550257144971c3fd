#include "alerts/promql/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "alerts/promql/functions.h"
#include "alerts/promql/lexer.h"
#include "core/text.h"

namespace pgvigil::promql {

namespace {

// A stack must not end before a hostile expression does.
constexpr int deepest_nesting = 100;
constexpr std::size_t longest_text = 8192;

constexpr milliseconds longest_range = std::chrono::hours(24 * 30);

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

constexpr std::array<std::pair<std::string_view, LabelMatcher::Kind>, 4> matcher_kinds{
    {{"=~", LabelMatcher::Kind::matches},
     {"!~", LabelMatcher::Kind::not_matches},
     {"!=", LabelMatcher::Kind::not_equal},
     {"=", LabelMatcher::Kind::equal}}};

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
  explicit Parser(std::string_view text) : tokens_(tokenize(text)) {}

  NodePtr parse() {
    if (at_end()) fail_here("expected an expression");
    NodePtr result = expression(0);
    if (!at_end()) fail_here(fmt::format("expected an operator or the end, not {}", peek().written));
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

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool at_end() const { return peek().kind == Token::Kind::end; }
  [[noreturn]] void fail_here(const std::string& what) const { fail(peek().offset, what); }

  bool next_is(std::string_view symbol) const { return peek().kind == Token::Kind::symbol && peek().written == symbol; }
  bool next_is_word(std::string_view word) const {
    return peek().kind == Token::Kind::word && lower(peek().written) == word;
  }
  bool take(std::string_view symbol) {
    if (!next_is(symbol)) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!next_is_word(word)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) fail_here(fmt::format("expected {}", symbol));
  }

  template <typename Content>
  static NodePtr node(std::size_t offset, Content content) {
    auto made = std::make_shared<Node>();
    made->offset = offset;
    made->content = std::move(content);
    return made;
  }

  const OperatorWord* operator_here() const {
    const Token& token = peek();
    if (token.kind != Token::Kind::symbol && token.kind != Token::Kind::word) return nullptr;
    const std::string word = lower(token.written);
    const auto* const found =
        std::find_if(operators.begin(), operators.end(), [&](const OperatorWord& one) { return one.word == word; });
    if (found == operators.end() && word == "atan2") fail_here("the operator atan2 is not supported");
    return found == operators.end() ? nullptr : found;
  }

  // Operators that bind more tightly than `precedence`; only ^ takes its right side first.
  NodePtr expression(int precedence) {
    const Descent descent(depth_, peek().offset);
    NodePtr left = unary();
    while (const OperatorWord* word = operator_here()) {
      if (word->precedence <= precedence) break;
      left = binary(std::move(left), *word);
    }
    return left;
  }

  NodePtr binary(NodePtr left, const OperatorWord& word) {
    const std::size_t offset = peek().offset;
    ++at_;
    Binary result;
    result.op = word.op;
    result.left = std::move(left);
    if (next_is_word("bool")) {
      if (!is_comparison(word.op)) fail_here("bool belongs to comparisons only");
      ++at_;
      result.returns_bool = true;
    }
    result.matching = matching();
    result.right = expression(word.op == Operator::power ? word.precedence - 1 : word.precedence);
    return node(offset, std::move(result));
  }

  Matching matching() {
    Matching result;
    if (!next_is_word("on") && !next_is_word("ignoring")) return result;
    result.given = true;
    result.on = next_is_word("on");
    ++at_;
    result.labels = label_list();
    const bool left = next_is_word("group_left");
    if (!left && !next_is_word("group_right")) return result;
    result.cardinality = left ? Matching::Cardinality::many_to_one : Matching::Cardinality::one_to_many;
    const std::size_t offset = peek().offset;
    ++at_;
    if (next_is("(")) result.include = label_list();
    for (const std::string& label : result.include) {
      const bool both =
          result.on && std::find(result.labels.begin(), result.labels.end(), label) != result.labels.end();
      if (both) fail(offset, fmt::format("the label {} stands in on and in the grouping", label));
    }
    return result;
  }

  std::vector<std::string> label_list() {
    std::vector<std::string> result;
    expect("(");
    while (!take(")")) {
      result.push_back(label_name());
      if (!take(",") && !next_is(")")) fail_here("expected , or )");
    }
    return result;
  }

  std::string label_name() {
    const Token& token = peek();
    if (token.kind != Token::Kind::word || token.written.find(':') != std::string_view::npos) {
      fail_here("expected the name of a label");
    }
    ++at_;
    return std::string(token.written);
  }

  // A sign binds like * and therefore less than ^: -2 ^ 2 is -4.
  NodePtr unary() {
    const std::size_t offset = peek().offset;
    const bool minus = next_is("-");
    if (!minus && !next_is("+")) return primary();
    ++at_;
    const Descent descent(depth_, offset);
    NodePtr operand = expression(power_precedence - 1);
    if (!minus) return operand;
    if (const auto* number = std::get_if<Number>(&operand->content)) return node(offset, Number{-number->value});
    return node(offset, Negation{std::move(operand)});
  }

  NodePtr primary() {
    const Token& token = peek();
    NodePtr result;
    switch (token.kind) {
      case Token::Kind::number:
        ++at_;
        result = node(token.offset, Number{number(token)});
        break;
      case Token::Kind::text:
        ++at_;
        result = node(token.offset, Text{token.text});
        break;
      case Token::Kind::word: result = word(); break;
      case Token::Kind::duration:
        fail_here("a number in an expression has no unit: thresholds take units, expressions do not");
      default: result = parenthesis(); break;
    }
    return with_modifiers(std::move(result));
  }

  NodePtr parenthesis() {
    if (next_is("{")) return selector("");
    if (!take("(")) fail_here(at_end() ? "the expression ends too early" : "expected a number, a metric or (");
    NodePtr result = expression(0);
    expect(")");
    in_parentheses_ = result;
    return result;
  }

  NodePtr word() {
    const Token& token = peek();
    const std::string word = lower(token.written);
    if (word == "inf" || word == "nan") {
      ++at_;
      return node(token.offset, Number{word == "inf" ? std::numeric_limits<double>::infinity()
                                                     : std::numeric_limits<double>::quiet_NaN()});
    }
    const auto follows = [&](std::string_view text) { return lower(peek(1).written) == text; };
    if (follows("(") || follows("by") || follows("without")) {
      if (const auto kind = aggregate_named(token)) return aggregation(*kind);
    }
    if (follows("(")) return call();
    ++at_;
    return selector(std::string(token.written));
  }

  static double number(const Token& token) {
    double value = 0;
    const char* const end = token.written.data() + token.written.size();
    const auto [read_to, error] = std::from_chars(token.written.data(), end, value);
    if (error == std::errc::result_out_of_range) fail(token.offset, "the number is too large or too small");
    if (error != std::errc() || read_to != end) fail(token.offset, "expected a number");
    return value;
  }

  NodePtr aggregation(Aggregate kind) {
    const Token& name = peek();
    ++at_;
    Aggregation result;
    result.kind = kind;
    bool grouped = grouping(result);
    expect("(");
    std::vector<NodePtr> arguments = argument_list();
    if (!grouped) grouping(result);
    const bool parameter = kind == Aggregate::topk || kind == Aggregate::bottomk || kind == Aggregate::quantile;
    const std::size_t wanted = parameter ? 2 : 1;
    if (arguments.size() != wanted) {
      fail(name.offset, fmt::format("{} takes {}", name.written, parameter ? "a number and a vector" : "one vector"));
    }
    if (parameter) result.parameter = arguments.front();
    result.operand = arguments.back();
    return node(name.offset, std::move(result));
  }

  bool grouping(Aggregation& result) {
    const bool without = next_is_word("without");
    if (!without && !next_is_word("by")) return false;
    ++at_;
    result.without = without;
    result.labels = label_list();
    return true;
  }

  std::vector<NodePtr> argument_list() {
    std::vector<NodePtr> result;
    while (!take(")")) {
      result.push_back(expression(0));
      if (take(")")) return result;
      expect(",");
      if (next_is(")")) fail_here("an argument is missing");
    }
    return result;
  }

  NodePtr call() {
    const Token& name = peek();
    const Function* const function = find_function(name.written);
    if (function == nullptr) fail_here(unknown_function(name.written));
    at_ += 2;
    Call result{function, argument_list(), {}};
    const bool pattern = result.arguments.size() == 5 && std::holds_alternative<Text>(result.arguments[4]->content);
    if (pattern) {
      const Node& text = *result.arguments[4];
      result.pattern = compiled(std::get<Text>(text.content).value, text.offset);
    }
    return node(name.offset, std::move(result));
  }

  static std::optional<LabelRegex> compiled(const std::string& pattern, std::size_t offset) {
    std::string why;
    auto result = LabelRegex::compile(pattern, why);
    if (!result) fail(offset, "not a regular expression that is supported: " + why);
    return result;
  }

  NodePtr selector(const std::string& metric) {
    const std::size_t offset = metric.empty() ? peek().offset : tokens_[at_ - 1].offset;
    VectorSelector result;
    result.selector.metric = metric;
    if (take("{")) {
      while (!take("}")) {
        add_matcher(result.selector);
        if (!take(",") && !next_is("}")) fail_here("expected , or }");
      }
    }
    if (result.selector.metric.empty()) fail(offset, "a selector needs the name of a metric");
    return node(offset, std::move(result));
  }

  void add_matcher(Selector& selector) {
    const std::size_t start = peek().offset;
    LabelMatcher matcher;
    matcher.label = label_name();
    const Token& symbol = peek();
    const auto* const kind = std::find_if(matcher_kinds.begin(), matcher_kinds.end(), [&](const auto& one) {
      return symbol.kind == Token::Kind::symbol && one.first == symbol.written;
    });
    if (kind == matcher_kinds.end()) fail_here("expected = != =~ or !~");
    matcher.kind = kind->second;
    ++at_;
    if (peek().kind != Token::Kind::text) fail_here("expected a quoted text");
    const Token& value = peek();
    ++at_;
    matcher.value = value.text;
    if (matcher.label == "__name__") return set_name(selector, matcher, start);
    if (matcher.kind == LabelMatcher::Kind::matches || matcher.kind == LabelMatcher::Kind::not_matches) {
      matcher.regex = compiled(matcher.value, value.offset);
    }
    selector.matchers.push_back(std::move(matcher));
  }

  static void set_name(Selector& selector, const LabelMatcher& matcher, std::size_t offset) {
    if (matcher.kind != LabelMatcher::Kind::equal) fail(offset, "of the matchers for __name__ only = is supported");
    if (!selector.metric.empty()) fail(offset, "the name of the metric is given twice");
    selector.metric = matcher.value;
  }

  // [5m] and offset, which belong to selectors only.
  NodePtr with_modifiers(NodePtr of) {
    if (next_is("[")) of = ranged(of);
    while (next_is_word("offset")) of = shifted(of);
    return of;
  }

  NodePtr ranged(const NodePtr& of) {
    const std::size_t bracket = peek().offset;
    ++at_;
    const auto* const selector = std::get_if<VectorSelector>(&of->content);
    const milliseconds range = duration();
    if (peek().written.substr(0, 1) == ":") fail_here("subqueries are not supported");
    expect("]");
    if (selector == nullptr || of == in_parentheses_)
      fail(bracket, "a range belongs to a selector; subqueries are not supported");
    if (selector->offset != milliseconds(0)) fail(bracket, "the range stands in front of offset");
    if (range > longest_range) fail(bracket, "a range is at most 30d");
    RangeSelector result{*selector, range};
    result.of.history = history_key(result.of, range);
    return node(of->offset, std::move(result));
  }

  NodePtr shifted(const NodePtr& of) {
    const std::size_t word = peek().offset;
    ++at_;
    const bool negative = take("-");
    const milliseconds offset = negative ? -duration() : duration();
    if (of == in_parentheses_) fail(word, "offset belongs to a selector");
    auto copy = std::make_shared<Node>(*of);
    auto* const instant = std::get_if<VectorSelector>(&copy->content);
    auto* const range = std::get_if<RangeSelector>(&copy->content);
    VectorSelector* const selector = range != nullptr ? &range->of : instant;
    if (selector == nullptr) fail(word, "offset belongs to a selector");
    if (selector->offset != milliseconds(0)) fail(word, "offset is given twice");
    if (offset > longest_range || offset < -longest_range) fail(word, "an offset is at most 30d");
    selector->offset = offset;
    selector->history = history_key(*selector, range != nullptr ? range->range : milliseconds(0));
    return copy;
  }

  // 5m, 1h30m: larger units first, each once.
  milliseconds duration() {
    static constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> units{{{"y", 365LL * 86'400'000},
                                                                                     {"w", 7LL * 86'400'000},
                                                                                     {"d", 86'400'000},
                                                                                     {"h", 3'600'000},
                                                                                     {"m", 60'000},
                                                                                     {"s", 1000},
                                                                                     {"ms", 1}}};
    const Token token = peek();
    if (token.kind != Token::Kind::duration) fail_here("expected a duration such as 5m or 1h30m");
    ++at_;
    std::int64_t total = 0;
    const auto* unit = units.begin();
    for (std::string_view rest = token.written; !rest.empty();) {
      std::int64_t count = 0;
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
      rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
      const std::string_view name = rest.substr(0, std::min(rest.find_first_of("0123456789"), rest.size()));
      unit = std::find_if(unit, units.end(), [&](const auto& one) { return one.first == name; });
      if (error != std::errc() || unit == units.end() || count > 1'000'000) {
        fail(token.offset, "not a duration; it is written like 5m or 1h30m, in y, w, d, h, m, s and ms");
      }
      total += count * unit->second;
      ++unit;
      rest.remove_prefix(name.size());
    }
    if (total == 0) fail(token.offset, "a duration is greater than 0");
    return milliseconds(total);
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  NodePtr in_parentheses_;  // what the last pair of parentheses held: it is no bare selector any more
};

}  // namespace

NodePtr parse(std::string_view text) {
  if (text.size() > longest_text) fail(longest_text, "the expression is longer than 8192 bytes");
  return Parser(text).parse();
}

}  // namespace pgvigil::promql
