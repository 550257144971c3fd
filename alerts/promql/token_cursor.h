#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/promql/lexer.h"
#include "core/clock.h"

namespace pgvigil::promql {

// Where a parser stands in its tokens, and the small things that are read there. Everything throws Failure at the place
// of what is wrong. Lives as long as the text that it was made from.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : tokens_(tokenize(text)) {}

  // The token `ahead` of the next one; the end, when there are no more.
  const Token& peek(std::size_t ahead = 0) const;
  bool at_end() const { return peek().kind == Token::Kind::end; }
  [[noreturn]] void fail_here(const std::string& what) const;

  bool next_is(std::string_view symbol) const { return peek().kind == Token::Kind::symbol && peek().written == symbol; }
  bool next_is_word(std::string_view word) const;  // a keyword, in any case

  const Token& skip(std::size_t count = 1);  // returns the first one
  bool take(std::string_view symbol);
  void expect(std::string_view symbol);

  double number();
  milliseconds duration();  // 5m, 1h30m: larger units first, each once
  std::string label_name();
  std::vector<std::string> label_list();  // (a, b)

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace pgvigil::promql
