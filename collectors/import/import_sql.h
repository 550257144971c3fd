#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Pure functions on the text of an imported query.
namespace pgvigil {

// "name" as SQL writes it whatever characters it has.
std::string quoted_name(std::string_view name);
std::string quoted_text(std::string_view text);

// Without the semicolons, comments and white space in its end, so that it can stand in parentheses.
std::string bare_query(std::string_view query);

// Whether a select list has a *: the columns of its result then depend on the server.
bool selects_everything(std::string_view query);

// The query that returns these expressions, each under its name, over the rows of `query`.
std::string wrapped_query(std::string_view query, const std::vector<std::pair<std::string, std::string>>& columns);

// Why it cannot be sent as one statement without parameters; empty when it can.
std::string why_not_one_query(std::string_view query);

// Puts {extension_schema}. in front of pg_stat_statements and pg_stat_statements_info where they stand alone after FROM
// or JOIN: sessions look names up in pg_catalog only.
std::string with_statements_schema(std::string_view query);

// Whether one of those names stands somewhere else without its schema.
bool names_statements_unqualified(std::string_view query);

}  // namespace pgvigil
