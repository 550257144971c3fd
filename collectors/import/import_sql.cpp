#include "collectors/import/import_sql.h"

#include "core/text.h"

namespace pgvigil {

namespace {

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

bool space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += c;
    result += c;
  }
  return result + quote;
}

// The last word or sign before `end`, in lower case; a word is cut off nowhere.
std::string before(std::string_view text, std::size_t end) {
  while (end > 0 && space(text[end - 1])) --end;
  std::size_t start = end;
  while (start > 0 && word_character(text[start - 1])) --start;
  if (start == end && start > 0) --start;
  return lower(text.substr(start, end - start));
}

// Where what begins at `at` ends: a text in quotes, a comment, or one character.
std::size_t end_of_token(std::string_view sql, std::size_t at) {
  const auto after = [&](std::string_view closing, std::size_t from) {
    const std::size_t found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
  };
  const std::string_view rest = sql.substr(at);
  if (rest.starts_with("--")) return after("\n", at);
  if (rest.starts_with("/*")) return after("*/", at + 2);
  if (rest.starts_with('\'') || rest.starts_with('"')) return after(rest.substr(0, 1), at + 1);
  if (rest.starts_with('$')) {
    const std::size_t tag =
        rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", 1);
    if (tag != std::string_view::npos && rest[tag] == '$') return after(rest.substr(0, tag + 1), at + tag + 1);
  }
  return at + 1;
}

bool comment(std::string_view token) {
  return token.starts_with("--") || token.starts_with("/*");
}

}  // namespace

std::string quoted_name(std::string_view name) {
  return quoted(name, '"');
}
std::string quoted_text(std::string_view text) {
  return quoted(text, '\'');
}

std::string bare_query(std::string_view query) {
  std::size_t last = 0;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = end_of_token(query, at);
    const std::string_view token = query.substr(at, end - at);
    if (!comment(token) && !space(token.front()) && token != ";") last = end;
    at = end;
  }
  return std::string(trim(query.substr(0, last)));
}

bool selects_everything(std::string_view query) {
  for (std::size_t at = 0; at < query.size(); at = end_of_token(query, at)) {
    if (query[at] != '*') continue;
    const std::string previous = before(query, at);
    if (previous == "select" || previous == "distinct" || previous == "," || previous == ".") return true;
  }
  return false;
}

std::string wrapped_query(std::string_view query, const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string list;
  for (const auto& [name, expression] : columns) {
    list += list.empty() ? "SELECT " : ",\n       ";
    list += expression;
    if (expression != quoted_name(name)) list += " AS " + quoted_name(name);
  }
  return list + "\n  FROM (\n" + bare_query(query) + "\n) AS imported";
}

std::string with_statements_schema(std::string_view query) {
  constexpr std::string_view name = "pg_stat_statements";
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = query.find(name); at != std::string_view::npos; at = query.find(name, at + 1)) {
    std::size_t end = at + name.size();
    if (query.substr(end).starts_with("_info")) end += 5;
    const bool whole = end >= query.size() || (!word_character(query[end]) && query[end] != '.');
    const std::string previous = before(query, at);
    if (!whole || (previous != "from" && previous != "join")) continue;
    result.append(query, done, at - done).append("{extension_schema}.");
    done = at;
  }
  return result.append(query.substr(done));
}

}  // namespace pgvigil
