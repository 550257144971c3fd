#include "alerts/expression.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "core/text.h"

namespace pgvigil {

namespace {

struct Failure {
  SyntaxError error;
};

constexpr std::array<std::pair<std::string_view, Comparison>, 6> comparisons{{{"==", Comparison::equal},
                                                                              {"!=", Comparison::not_equal},
                                                                              {"<=", Comparison::less_equal},
                                                                              {">=", Comparison::greater_equal},
                                                                              {"<", Comparison::less},
                                                                              {">", Comparison::greater}}};

constexpr std::array<std::pair<std::string_view, LabelMatcher::Kind>, 4> matcher_kinds{
    {{"=~", LabelMatcher::Kind::matches},
     {"!~", LabelMatcher::Kind::not_matches},
     {"!=", LabelMatcher::Kind::not_equal},
     {"=", LabelMatcher::Kind::equal}}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A recursive-descent parser; leaves by Failure, which parse_expression turns into its answer.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expression parse() {
    Expression result;
    result.selector = selector();
    skip_space();
    if (!at_end()) {
      result.comparison = take_one_of(comparisons);
      if (!result.comparison) fail("expected a comparison (== != < <= > >=) or the end");
      refuse_bool();
      result.bound = number();
    }
    skip_space();
    if (!at_end()) fail("expected the end: a rule takes one selector and one comparison with a number");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] static void fail_at(std::size_t offset, const std::string& what) { throw Failure{{offset, what}}; }

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  void skip_space() {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
    if (peek() != '#') return;
    while (!at_end() && peek() != '\n') ++at_;
    skip_space();
  }

  template <typename Table>
  auto take_one_of(const Table& table) -> std::optional<typename Table::value_type::second_type> {
    for (const auto& [word, meaning] : table) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return meaning;
    }
    return std::nullopt;
  }

  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }

  // Metric names may hold colons, label names may not.
  std::string name(bool colons) {
    const std::size_t start = at_;
    const auto part = [&](char c) { return is_letter(c) || (colons && c == ':') || (at_ > start && is_digit(c)); };
    while (!at_end() && part(peek())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Selector selector() {
    skip_space();
    const std::size_t start = at_;
    Selector result;
    result.metric = name(true);
    if (result.metric.empty()) fail("expected the name of a metric");
    skip_space();
    if (peek() == '(') fail_at(start, fmt::format("functions are not supported ({})", result.metric));
    if (take('{')) matchers(result);
    skip_space();
    if (peek() == '[') fail("ranges are not supported");
    return result;
  }

  void matchers(Selector& selector) {
    skip_space();
    while (!take('}')) {
      selector.matchers.push_back(matcher());
      skip_space();
      if (!take(',') && peek() != '}') fail("expected , or }");
      skip_space();
    }
  }

  LabelMatcher matcher() {
    LabelMatcher result;
    const std::size_t start = at_;
    result.label = name(false);
    if (result.label.empty()) fail("expected the name of a label");
    if (result.label == "__name__") fail_at(start, "the metric's name stands in front of the {");
    skip_space();
    const auto kind = take_one_of(matcher_kinds);
    if (!kind) fail("expected = != =~ or !~");
    result.kind = *kind;
    skip_space();
    const std::size_t quote = at_;
    result.value = quoted();
    if (result.kind != LabelMatcher::Kind::matches && result.kind != LabelMatcher::Kind::not_matches) return result;
    std::string why;
    result.regex = LabelRegex::compile(result.value, why);
    if (!result.regex) fail_at(quote, "not a regular expression that is supported: " + why);
    return result;
  }

  std::string quoted() {
    const std::size_t start = at_;
    const char quote = peek();
    if (quote != '"' && quote != '\'' && quote != '`') fail("expected a quoted text");
    ++at_;
    std::string result;
    while (!take(quote)) {
      if (at_end() || (peek() == '\n' && quote != '`')) fail_at(start, "the quoted text has no end");
      result += peek() == '\\' && quote != '`' ? escaped(quote) : text_[at_++];
    }
    return result;
  }

  char escaped(char quote) {
    const std::size_t start = at_++;
    const char c = peek();
    ++at_;
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case '\\': return '\\';
      default: break;
    }
    if (c == quote && c != '\0') return c;
    fail_at(start, "after a backslash n, t, r, the backslash and the quote are allowed; write \\\\ for a backslash");
  }

  void refuse_bool() {
    skip_space();
    const std::size_t start = at_;
    if (name(false) == "bool") fail_at(start, "the modifier bool is not supported");
    at_ = start;
  }

  double number() {
    skip_space();
    const std::size_t start = at_;
    const bool negative = take('-');
    if (!negative) take('+');
    const std::size_t digits = at_;
    if (const std::string word = name(false); lower(word) == "inf") {
      const double infinity = std::numeric_limits<double>::infinity();
      return negative ? -infinity : infinity;
    }
    at_ = digits;
    if (!is_digit(peek()) && peek() != '.') fail_at(start, "expected a number");
    // PromQL reads 010 as eight and people read it as ten.
    if (peek() == '0' && digits + 1 < text_.size() && is_digit(text_[digits + 1])) fail("a number has no leading zero");
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) fail_at(start, "expected a number");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (is_letter(peek()) || peek() == '%')
      fail("a number in an expression has no unit; use metric: with above: or below:");
    return negative ? -value : value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Truth compare(double value, Comparison comparison, double bound) {
  if (std::isnan(value)) return Truth::unknown;
  const auto truth = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  switch (comparison) {
    case Comparison::equal: return truth(!(value < bound) && !(value > bound));
    case Comparison::not_equal: return truth(value < bound || value > bound);
    case Comparison::less: return truth(value < bound);
    case Comparison::less_equal: return truth(value <= bound);
    case Comparison::greater: return truth(value > bound);
    case Comparison::greater_equal: return truth(value >= bound);
  }
  return Truth::unknown;
}

std::string_view to_string(Comparison comparison) {
  for (const auto& [word, meaning] : comparisons) {
    if (meaning == comparison) return word;
  }
  return "?";
}

std::variant<Expression, SyntaxError> parse_expression(std::string_view text) {
  try {
    return Parser(text).parse();
  } catch (const Failure& failure) {
    return failure.error;
  }
}

}  // namespace pgvigil
