#include "tests/bench/schema.h"

#include <fmt/format.h>

namespace pgvigil::bench {

namespace {

constexpr int rows_per_table = 20;

PgCluster::Settings settings() {
  return {{"autovacuum", "off"},       {"max_connections", "200"},          {"max_locks_per_transaction", "2048"},
          {"shared_buffers", "512MB"}, {"synchronous_commit", "off"},       {"full_page_writes", "off"},
          {"max_wal_size", "8GB"},     {"pg_stat_statements.max", "10000"}, {"track_io_timing", "on"}};
}

// In one statement, so that a large schema is made by the server alone.
std::string make_tables(const Scale& scale, int from, int to) {
  std::string indexes;
  const char* const columns[] = {"customer", "status", "created"};
  for (int i = 1; i < scale.indexes_per_table; ++i) {
    indexes += fmt::format("EXECUTE format('CREATE INDEX ON t%s ({})', n); ", columns[(i - 1) % 3]);
  }
  return fmt::format(
      "DO $$ BEGIN FOR n IN {}..{} LOOP "
      "EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, customer int, status text, created timestamptz)', n); {}"
      "EXECUTE format('INSERT INTO t%s SELECT g, g %% 7, ''s'' || g %% 3, now() FROM generate_series(1, {}) g', n); "
      "END LOOP; END $$",
      from, to, indexes, rows_per_table);
}

}  // namespace

const std::vector<Scale>& scales() {
  static const std::vector<Scale> all{{"small", 1, 20, 3, 200, 0},
                                      {"medium", 1, 2000, 3, 3000, 100},
                                      {"large", 1, 20000, 2, 5000, 0},
                                      {"many", 200, 50, 2, 200, 0}};
  return all;
}

WatchedServer::WatchedServer(const Scale& scale) : cluster_(15, settings()) {
  cluster_.execute("CREATE ROLE monitor LOGIN");
  cluster_.execute("GRANT pg_monitor TO monitor");
  cluster_.execute("CREATE DATABASE bench");
  cluster_.execute("CREATE EXTENSION pg_stat_statements", "bench");
  cluster_.execute("CREATE EXTENSION pg_stat_statements");
  fill("bench", scale);
  for (int i = 1; i < scale.databases; ++i) {
    cluster_.execute(fmt::format("CREATE DATABASE bench{} TEMPLATE bench", i));
  }
  run_statements(scale);
  for (int i = 0; i < scale.idle_sessions; ++i) idle_.push_back(cluster_.connect("bench"));
}

void WatchedServer::fill(const std::string& database, const Scale& scale) const {
  constexpr int batch = 500;
  PgConnection session = cluster_.connect(database);
  for (int from = 1; from <= scale.tables; from += batch) {
    session.query(make_tables(scale, from, std::min(scale.tables, from + batch - 1)), std::chrono::minutes(5));
  }
  session.query("ANALYZE", std::chrono::minutes(10));
  session.query("CHECKPOINT", std::chrono::minutes(5));
}

// Each has a shape of its own: the number of conditions and the table make its queryid.
void WatchedServer::run_statements(const Scale& scale) const {
  PgConnection session = cluster_.connect("bench");
  for (int i = 0; i < scale.statements; ++i) {
    const int table = i % scale.tables + 1;
    std::string conditions;
    for (int n = 0; n <= i / scale.tables; ++n) conditions += fmt::format(" AND a{}.id > {}", table, n);
    const std::string sql = fmt::format(
        "SELECT a{0}.id, coalesce(a{0}.status, 'none') AS status_text, date_trunc('day', a{0}.created) AS created_day "
        "FROM t{0} a{0} WHERE a{0}.customer = 3{1} ORDER BY a{0}.created LIMIT 10",
        table, conditions);
    for (int call = 0; call < 3; ++call) session.query(sql);
  }
}

}  // namespace pgvigil::bench
