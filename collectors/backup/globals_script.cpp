#include "collectors/backup/globals_script.h"

#include <fmt/format.h>

#include <array>

namespace pgvigil {

namespace {

// The end of the statement, comment or psql command that starts at `from`: quotes may hold semicolons and line ends.
// A quote inside a quoted text is doubled, so that switching twice comes to the same.
std::size_t statement_end(std::string_view script, std::size_t from) {
  const std::string_view rest = script.substr(from);
  if (rest.starts_with("--") || rest.starts_with('\\') || rest.starts_with('\n')) {
    return std::min(script.find('\n', from), script.size() - 1) + 1;
  }
  char quote = 0;
  for (std::size_t at = from; at < script.size(); ++at) {
    const char c = script[at];
    if (quote == 0 && c == ';') return at + 1;
    if (c == '\'' || c == '"') quote = quote == 0 ? c : (quote == c ? '\0' : quote);
  }
  return script.size();
}

bool about_tablespaces(std::string_view statement) {
  constexpr std::array prefixes{"CREATE TABLESPACE ", "ALTER TABLESPACE ", "COMMENT ON TABLESPACE ",
                                "SECURITY LABEL FOR "};
  for (const std::string_view prefix : prefixes) {
    if (statement.starts_with(prefix)) return true;
  }
  const bool grant = statement.starts_with("GRANT ") || statement.starts_with("REVOKE ");
  return grant && statement.find(" ON TABLESPACE ") != std::string_view::npos;
}

std::string quoted(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

}  // namespace

std::string globals_for_scratch(std::string_view script, std::string_view bootstrap_role) {
  const std::string plain = fmt::format("CREATE ROLE {};", bootstrap_role);
  const std::string in_quotes = fmt::format("CREATE ROLE {};", quoted(bootstrap_role));
  std::string result;
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = statement_end(script, at);
    const std::string_view statement = script.substr(at, end - at);
    at = end;
    if (statement == plain || statement == in_quotes || about_tablespaces(statement)) continue;
    result += statement;
  }
  return result;
}

}  // namespace pgvigil
