#include "collectors/guarded_query.h"

#include <fmt/format.h>

namespace pgvigil {

namespace {

PgRows read(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop) {
  const auto run = [&](const std::string& sql) { return connection.query(sql, query.timeout, stop); };
  // All rows are wanted: the plan must not be one that is good for the first few.
  run("SET LOCAL cursor_tuple_fraction = 1");
  if (query.own_search_path) run("SET LOCAL search_path TO DEFAULT");
  run("DECLARE pgvigil_guarded NO SCROLL CURSOR FOR " + query.sql);
  return run(fmt::format("FETCH FORWARD {} FROM pgvigil_guarded", query.max_rows + 1));
}

void leave(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop) {
  connection.query("ROLLBACK", query.timeout, stop);
  // The only thing a query can take that outlives its transaction.
  connection.query("SELECT pg_advisory_unlock_all()", query.timeout, stop);
}

}  // namespace

PgRows run_guarded(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop) {
  // With the same timeout as all that follows: it is set before the transaction, which would take it back.
  connection.query("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", query.timeout, stop);
  try {
    PgRows rows = read(connection, query, stop);
    leave(connection, query, stop);
    return rows;
  } catch (...) {
    if (connection.usable()) leave(connection, query, stop);
    throw;
  }
}

}  // namespace pgvigil
