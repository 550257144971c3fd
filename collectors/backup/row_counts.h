#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/pg_connection.h"

namespace pgvigil {

// The rows of one table, without its children and partitions.
struct TableRows {
  std::string table;  // "schema.name", quoted where SQL needs it
  std::int64_t rows = 0;
  bool exact = true;  // otherwise the planner's estimate

  bool operator==(const TableRows&) const = default;
};

// The rows of every table that pg_dump takes the data of, in the order of their names. Tables above `exact_limit` bytes
// are estimated, and so is the rest after a count that failed, because the transaction may be over then. Throws Error
// when the tables cannot be listed, and cancelled.
std::vector<TableRows> count_rows(PgConnection& connection, std::int64_t exact_limit, milliseconds timeout,
                                  const std::stop_token& stop);

}  // namespace pgvigil
