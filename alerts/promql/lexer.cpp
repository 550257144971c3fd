#include "alerts/promql/lexer.h"

#include <fmt/format.h>

#include <array>

namespace pgvigil::promql {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do {
      skip_space();
      tokens.push_back(next());
    } while (tokens.back().kind != Token::Kind::end);
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '#') {
        while (at_ < text_.size() && peek() != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  Token token(Token::Kind kind, std::size_t start) const { return {kind, start, text_.substr(start, at_ - start), {}}; }

  Token next() {
    const std::size_t start = at_;
    const char c = peek();
    if (at_ == text_.size()) return token(Token::Kind::end, start);
    if (is_letter(c) || c == ':') {
      // A colon belongs to a metric's name; in a range it would begin a subquery.
      while (is_letter(peek()) || is_digit(peek()) || peek() == ':') ++at_;
      return token(Token::Kind::word, start);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '"' || c == '\'' || c == '`') return quoted();
    return symbol();
  }

  Token symbol() {
    static constexpr std::array<std::string_view, 21> symbols{
        "==", "!=", "<=", ">=", "=~", "!~", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", ",", "["};
    const std::size_t start = at_;
    for (const std::string_view symbol : symbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      return token(Token::Kind::symbol, start);
    }
    if (peek() == ']') {
      ++at_;
      return token(Token::Kind::symbol, start);
    }
    if (peek() == '@') fail(start, "the modifier @ is not supported");
    fail(start, fmt::format("the character '{}' has no meaning here", std::string_view(&text_[start], 1)));
  }

  // A number, or a duration when a unit follows its digits.
  Token number() {
    const std::size_t start = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) fail(start, "hexadecimal numbers are not supported");
    while (is_digit(peek())) ++at_;
    const bool whole = peek() != '.';
    if (!whole) ++at_;
    while (is_digit(peek())) ++at_;
    if ((peek() == 'e' || peek() == 'E') && exponent_follows()) {
      at_ += is_digit(peek(1)) ? 1U : 2U;
      while (is_digit(peek())) ++at_;
      if (!is_letter(peek())) return token(Token::Kind::number, start);
    }
    if (!is_letter(peek())) return plain_number(start, whole);
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    return token(Token::Kind::duration, start);
  }

  bool exponent_follows() const {
    return is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2)));
  }

  Token plain_number(std::size_t start, bool whole) const {
    // PromQL reads 010 as eight and people read it as ten.
    if (whole && at_ - start > 1 && text_[start] == '0') fail(start, "a number has no leading zero");
    return token(Token::Kind::number, start);
  }

  Token quoted() {
    const std::size_t start = at_;
    const char quote = peek();
    ++at_;
    std::string meaning;
    while (peek() != quote || at_ == text_.size()) {
      if (at_ >= text_.size() || (peek() == '\n' && quote != '`')) fail(start, "the quoted text has no end");
      meaning += peek() == '\\' && quote != '`' ? escaped(quote) : text_[at_++];
    }
    ++at_;
    Token result = token(Token::Kind::text, start);
    result.text = std::move(meaning);
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
    fail(start, "after a backslash n, t, r, the backslash and the quote are allowed; write \\\\ for a backslash");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void fail(std::size_t offset, const std::string& what) {
  throw Failure{{offset, what}};
}

std::vector<Token> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace pgvigil::promql
