#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "core/pg_connection.h"

namespace pgvigil {

// The number that a value of a query's row stands for, as the server prints it: t and f are 1 and 0, a date or a
// timestamp (ISO, as sessions are set up) is seconds since the epoch; without a time zone it is taken for UTC. nullopt
// for what is no finite number.
std::optional<double> number_of(std::string_view text);

// What a query of our own returns as a number: an ID, a count, a size. 0 for what is none.
template <typename Number>
Number printed_number(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The same of a row; nullopt for NULL.
template <typename Number>
std::optional<Number> printed_number(const PgRows& rows, int row, int column) {
  const auto text = rows.get(row, column);
  return text ? std::optional(printed_number<Number>(*text)) : std::nullopt;
}

// Whether the texts of a type, by its OID in pg_type, are ones that number_of reads.
bool is_number_type(unsigned oid);

// How to make such a column of one of another type, for messages: "cast it to a number, such as NAME::float8".
std::string number_remedy(unsigned oid, std::string_view column);

}  // namespace pgvigil
