#include "collectors/import/import_sql.h"

#include <algorithm>

#include "core/text.h"

namespace pgvigil {

namespace {

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool digit(char c) {
  return c >= '0' && c <= '9';
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

// Where the text in quotes ends whose first character after the quote is at `at`.
std::size_t end_of_text(std::string_view sql, std::size_t at, char quote, bool backslashes) {
  while (at < sql.size() && sql[at] != quote) at += backslashes && sql[at] == '\\' ? 2U : 1U;
  return std::min(at + 1, sql.size());
}

// Comments nest in PostgreSQL.
std::size_t end_of_comment(std::string_view sql, std::size_t at) {
  int depth = 0;
  while (at < sql.size()) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") ++depth;
    if (two == "*/") --depth;
    at += two == "/*" || two == "*/" ? 2U : 1U;
    if (depth == 0) break;
  }
  return at;
}

// $$ or $tag$ at `at`; empty when there is none: $1 is a parameter.
std::string_view dollar_quote(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && sql[end] != '$' && word_character(sql[end])) ++end;
  const bool closed = end < sql.size() && sql[end] == '$';
  return closed && !digit(sql[at + 1]) ? sql.substr(at, end + 1 - at) : std::string_view();
}

// Where the word at `at` ends; E'…' is a text in which a backslash escapes.
std::size_t end_of_word(std::string_view sql, std::size_t at) {
  std::size_t end = at;
  while (end < sql.size() && word_character(sql[end])) ++end;
  const bool escapes = end == at + 1 && (sql[at] == 'e' || sql[at] == 'E') && end < sql.size() && sql[end] == '\'';
  return escapes ? end_of_text(sql, end + 1, '\'', true) : end;
}

// Where what begins at `at` ends: a text in quotes, a comment, a word, or one character.
std::size_t end_of_token(std::string_view sql, std::size_t at) {
  const std::string_view rest = sql.substr(at);
  const char first = rest.front();
  if (rest.starts_with("--")) return std::min(sql.find_first_of("\r\n", at), sql.size());
  if (rest.starts_with("/*")) return end_of_comment(sql, at);
  if (first == '\'' || first == '"') return end_of_text(sql, at + 1, first, false);
  if (first == '$') {
    const std::string_view tag = dollar_quote(sql, at);
    if (tag.empty()) return end_of_word(sql, at);
    const std::size_t close = sql.find(tag, at + tag.size());
    return close == std::string_view::npos ? sql.size() : close + tag.size();
  }
  return word_character(first) ? end_of_word(sql, at) : at + 1;
}

bool comment(std::string_view token) {
  return token.starts_with("--") || token.starts_with("/*");
}

// Hands over everything that is neither a comment nor white space: where it stands, and what it is.
template <typename Take>
void for_each_token(std::string_view sql, Take take) {
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t end = end_of_token(sql, at);
    const std::string_view token = sql.substr(at, end - at);
    if (!comment(token) && !space(token.front())) take(at, token);
    at = end;
  }
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
  for_each_token(query, [&last](std::size_t at, std::string_view token) {
    if (token != ";") last = at + token.size();
  });
  return std::string(trim(query.substr(0, last)));
}

bool selects_everything(std::string_view query) {
  std::string previous;
  bool found = false;
  for_each_token(query, [&](std::size_t, std::string_view token) {
    found = found || (token == "*" && (previous == "select" || previous == "distinct" || previous == "all" ||
                                       previous == "," || previous == "."));
    previous = lower(token);
  });
  return found;
}

std::string why_not_one_query(std::string_view query) {
  std::string reason;
  const std::string bare = bare_query(query);
  for_each_token(bare, [&reason](std::size_t, std::string_view token) {
    if (token == ";") reason = "it is more than one statement";
    if (token.size() > 1 && token[0] == '$' && digit(token[1])) reason = "it has the parameter " + std::string(token);
  });
  return bare.empty() ? "it has no query" : reason;
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
  std::string result;
  std::size_t done = 0;
  std::string previous;
  bool in_from = false;  // after FROM or JOIN up to the clause behind it
  for_each_token(query, [&](std::size_t at, std::string_view token) {
    const std::string word = lower(token);
    if (word == "from" || word == "join") in_from = true;
    if (word == "where" || word == "select" || word == "group" || word == "order" || word == "on") in_from = false;
    const bool place = previous == "from" || previous == "join" || (in_from && previous == ",");
    const std::size_t end = at + token.size();
    const bool alone = end >= query.size() || query[end] != '.';
    if (place && alone && (word == "pg_stat_statements" || word == "pg_stat_statements_info")) {
      result.append(query, done, at - done).append("{extension_schema}.");
      done = at;
    }
    previous = word;
  });
  return result.append(query.substr(done));
}

bool names_statements_unqualified(std::string_view query) {
  std::string previous;
  bool found = false;
  for_each_token(query, [&](std::size_t at, std::string_view token) {
    const std::string word = lower(token);
    const std::size_t end = at + token.size();
    const bool column_of = end < query.size() && query[end] == '.';
    const bool name =
        word == "pg_stat_statements" || word == "pg_stat_statements_info" || word == "pg_stat_statements_reset";
    if (name && previous != "." && previous != "as" && !column_of) found = true;
    previous = word;
  });
  return found;
}

}  // namespace pgvigil
