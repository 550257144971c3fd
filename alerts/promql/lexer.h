#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/syntax_error.h"

namespace pgvigil::promql {

// How lexer, parser and checks leave when the text is wrong; Expression::parse makes an answer of it.
struct Failure {
  SyntaxError error;
};
[[noreturn]] void fail(std::size_t offset, const std::string& what);

struct Token {
  enum class Kind { word, number, duration, text, symbol, end };
  Kind kind = Kind::end;
  std::size_t offset = 0;
  std::string_view written;  // as it stands in the text
  std::string text;          // of a quoted text: what it means
};

// The words of an expression, the last one being the end. The views point into `text`. Throws Failure.
std::vector<Token> tokenize(std::string_view text);

}  // namespace pgvigil::promql
