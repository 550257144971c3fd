#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

#include "core/pg_connection.h"

namespace pgvigil {

// A query that the agent did not write: of a rule in the configuration, of a user's file, or of a row in a table.
struct GuardedQuery {
  std::string sql;
  milliseconds timeout{5000};
  int max_rows = 1000;
  std::size_t max_bytes = 64UL * 1024 * 1024;  // of memory, for the rows
  // Names without a schema are looked up as in psql, not in pg_catalog alone.
  bool own_search_path = false;
};

// At most one row more than max_rows, so that the caller sees that there are more. Rows are fetched in small batches: a
// result that is too large costs neither the agent its memory nor the server its time.
//
// Whatever the text is, it only reads, and the session is afterwards as before: it runs as the query of a cursor (which
// refuses everything but a SELECT, VALUES, TABLE or WITH that does not write) in a read-only transaction (which stops
// functions that write, and cannot be left from within a query) that is rolled back (which takes back set_config).
// Throws Error as PgConnection::query does, and Error::invalid when the rows take more than max_bytes.
PgRows run_guarded(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop);

}  // namespace pgvigil
