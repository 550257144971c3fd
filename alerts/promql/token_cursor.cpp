#include "alerts/promql/token_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "core/text.h"

namespace pgvigil::promql {

const Token& TokenCursor::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

void TokenCursor::fail_here(const std::string& what) const {
  fail(peek().offset, what);
}

bool TokenCursor::next_is_word(std::string_view word) const {
  return peek().kind == Token::Kind::word && lower(peek().written) == word;
}

const Token& TokenCursor::skip(std::size_t count) {
  const Token& first = peek();
  at_ += count;
  return first;
}

bool TokenCursor::take(std::string_view symbol) {
  if (!next_is(symbol)) return false;
  ++at_;
  return true;
}

void TokenCursor::expect(std::string_view symbol) {
  if (!take(symbol)) fail_here(fmt::format("expected {}", symbol));
}

double TokenCursor::number() {
  const Token& token = skip();
  double value = 0;
  const char* const end = token.written.data() + token.written.size();
  const auto [read_to, error] = std::from_chars(token.written.data(), end, value);
  if (error == std::errc::result_out_of_range) fail(token.offset, "the number is too large or too small");
  if (error != std::errc() || read_to != end) fail(token.offset, "expected a number");
  return value;
}

std::string TokenCursor::label_name() {
  const Token& token = peek();
  if (token.kind != Token::Kind::word || token.written.find(':') != std::string_view::npos) {
    fail_here("expected the name of a label");
  }
  return std::string(skip().written);
}

std::vector<std::string> TokenCursor::label_list() {
  std::vector<std::string> result;
  expect("(");
  while (!take(")")) {
    result.push_back(label_name());
    if (!take(",") && !next_is(")")) fail_here("expected , or )");
  }
  return result;
}

milliseconds TokenCursor::duration() {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> units{{{"y", 365LL * 86'400'000},
                                                                                   {"w", 7LL * 86'400'000},
                                                                                   {"d", 86'400'000},
                                                                                   {"h", 3'600'000},
                                                                                   {"m", 60'000},
                                                                                   {"s", 1000},
                                                                                   {"ms", 1}}};
  const Token& token = peek();
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

}  // namespace pgvigil::promql
