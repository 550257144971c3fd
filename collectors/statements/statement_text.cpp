#include "collectors/statements/statement_text.h"

#include <cctype>
#include <optional>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::string_view hidden = "…";

bool word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Where the quoted text that begins at `at` ends: behind its closing quote, or at the end of `sql`. Quotes are doubled
// inside; with `escapes` a backslash takes the next character along.
std::size_t end_of_quoted(std::string_view sql, std::size_t at, bool escapes) {
  const char quote = sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      if (i + 1 == sql.size() || sql[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return sql.size();
}

// The `$tag$` at `at`, empty when there is none: $1 is a parameter.
std::string_view dollar_tag(std::string_view sql, std::size_t at) {
  if (at > 0 && word_character(sql[at - 1])) return {};
  std::size_t end = at + 1;
  while (end < sql.size() && word_character(sql[end])) ++end;
  const bool parameter = end > at + 1 && std::isdigit(static_cast<unsigned char>(sql[at + 1])) != 0;
  if (end >= sql.size() || sql[end] != '$' || parameter) return {};
  return sql.substr(at, end + 1 - at);
}

// Comments nest.
std::size_t end_of_comment(std::string_view sql, std::size_t at) {
  if (sql[at] == '-') {
    const std::size_t end = sql.find('\n', at);
    return end == std::string_view::npos ? sql.size() : end;
  }
  int depth = 0;
  for (std::size_t i = at; i + 1 < sql.size(); ++i) {
    const std::string_view two = sql.substr(i, 2);
    if (two != "/*" && two != "*/") continue;
    depth += two == "/*" ? 1 : -1;
    ++i;
    if (depth == 0) return i + 1;
  }
  return sql.size();
}

// Whether the quote at `at` opens E'…', in which backslashes escape. U&'…' is not such a one.
bool escape_string(std::string_view sql, std::size_t at) {
  return at > 0 && (sql[at - 1] == 'E' || sql[at - 1] == 'e') && (at < 2 || !word_character(sql[at - 2]));
}

struct Piece {
  std::size_t end;
  std::string shown;
};

// A literal, a quoted name or a comment at `at`; nullopt: one character that is none of them.
std::optional<Piece> piece_at(std::string_view sql, std::size_t at) {
  const std::string_view two = sql.substr(at, 2);
  if (sql[at] == '\'') return Piece{end_of_quoted(sql, at, escape_string(sql, at)), "'" + std::string(hidden) + "'"};
  if (const std::string_view tag = sql[at] == '$' ? dollar_tag(sql, at) : std::string_view(); !tag.empty()) {
    const std::size_t close = sql.find(tag, at + tag.size());
    const std::size_t end = close == std::string_view::npos ? sql.size() : close + tag.size();
    return Piece{end, "$" + std::string(hidden) + "$"};
  }
  if (sql[at] == '"' || two == "--" || two == "/*") {
    const std::size_t end = sql[at] == '"' ? end_of_quoted(sql, at, false) : end_of_comment(sql, at);
    return Piece{end, std::string(sql.substr(at, end - at))};
  }
  return std::nullopt;
}

// The length of the well-formed character at the start of `text` (Unicode 15, table 3-7), 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i <= to; ++i) {
      if ((byte(i) & 0xC0U) != 0x80U) return false;
    }
    return true;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1, 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool valid = (first != 0xE0 || byte(1) >= 0xA0) && (first != 0xED || byte(1) <= 0x9F);
    return valid && continues(1, 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool valid = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) <= 0x8F);
    return valid && continues(1, 3) ? 4 : 0;
  }
  return 0;
}

bool control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;  // C1
}

}  // namespace

std::string hide_literals(std::string_view sql) {
  std::string result;
  result.reserve(sql.size());
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto piece = piece_at(sql, at)) {
      result += piece->shown;
      at = piece->end;
    } else {
      result += sql[at++];
    }
  }
  return result;
}

std::string printable_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
    } else if (control(text.substr(0, length))) {
      result += ' ';
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

std::string statement_text(std::string_view raw, std::size_t max_bytes) {
  // Literals shrink; what may still be shown stands near the beginning, however long the text is.
  return one_line(printable_utf8(hide_literals(raw.substr(0, 16 * max_bytes))), max_bytes);
}

}  // namespace pgvigil
