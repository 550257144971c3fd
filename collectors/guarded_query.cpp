#include "collectors/guarded_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace pgvigil {

namespace {

// As many rows as may take a megabyte when they are as large as those before; a few at first.
int next_batch(int rows, std::size_t bytes) {
  constexpr std::size_t batch_bytes = 1024UL * 1024;
  constexpr std::size_t most = 10000;
  if (rows == 0) return 50;
  const std::size_t row_bytes = std::max<std::size_t>(1, bytes / static_cast<std::size_t>(rows));
  return static_cast<int>(std::clamp<std::size_t>(batch_bytes / row_bytes, 1, most));
}

void check_size(const PgRows& rows, const GuardedQuery& query) {
  if (rows.bytes() <= query.max_bytes) return;
  throw Error(Error::Kind::invalid, fmt::format("its rows take more than {} MiB", query.max_bytes >> 20));
}

PgRows fetch(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + query.timeout;
  const int wanted = query.max_rows + 1;
  int asked = std::min(next_batch(0, 0), wanted);
  const auto more = [&] {
    return connection.query(fmt::format("FETCH FORWARD {} FROM pgvigil_guarded", asked), query.timeout, stop);
  };
  PgRows rows = more();
  int got = rows.rows();
  check_size(rows, query);
  while (got == asked && rows.rows() < wanted) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(Error::Kind::unavailable, "its rows took longer than its timeout");
    }
    asked = std::min(next_batch(rows.rows(), rows.bytes()), wanted - rows.rows());
    const PgRows batch = more();
    got = batch.rows();
    rows.append(batch);
    check_size(rows, query);
  }
  return rows;
}

PgRows read(PgConnection& connection, const GuardedQuery& query, const std::stop_token& stop) {
  const auto run = [&](const std::string& sql) { return connection.query(sql, query.timeout, stop); };
  // All rows are wanted: the plan must not be one that is good for the first few.
  run("SET LOCAL cursor_tuple_fraction = 1");
  if (query.own_search_path) run("SET LOCAL search_path TO DEFAULT");
  run("DECLARE pgvigil_guarded NO SCROLL CURSOR FOR " + query.sql);
  return fetch(connection, query, stop);
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
