#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/connections.h"

namespace pgvigil {

// What is counted of each statement, in the order of statement_columns().
enum class StatementCounter : std::size_t {
  calls,
  exec_seconds,
  rows,
  plans,
  plan_seconds,
  block_read_seconds,
  block_write_seconds,
  shared_blocks_hit,
  shared_blocks_read,
  shared_blocks_dirtied,
  shared_blocks_written,
  local_blocks_hit,
  local_blocks_read,
  local_blocks_dirtied,
  local_blocks_written,
  temp_blocks_read,
  temp_blocks_written,
  temp_block_read_seconds,
  temp_block_write_seconds,
  wal_records,
  wal_fpi,
  wal_bytes,
  wal_buffers_full,
  jit_functions,
  jit_seconds,
  parallel_workers_planned,
  parallel_workers_launched,
};
constexpr std::size_t statement_counters = 27;

// One value for each counter, in the server's units; what the extension does not count is 0.
using StatementValues = std::array<double, statement_counters>;

inline double& at(StatementValues& values, StatementCounter counter) {
  return values.at(static_cast<std::size_t>(counter));
}
inline double at(const StatementValues& values, StatementCounter counter) {
  return values.at(static_cast<std::size_t>(counter));
}

// A counter of pg_stat_statements, and where it stands in each version of the extension (not of the server: after
// pg_upgrade the extension stays old until ALTER EXTENSION). A new version of the extension is a source or a row more.
struct StatementColumn {
  struct Source {
    const char* versions;  // a VersionRange; nullptr: no more
    const char* sql;
  };
  StatementCounter counter;
  const char* metric;
  const char* help;
  double scale;       // from the server's unit to the metric's
  Source sources[2];  // the newest first

  // nullptr: this version does not count it.
  const char* sql(std::string_view extension_version) const;
};

const std::array<StatementColumn, statement_counters>& statement_columns();

// The oldest version that is read: 1.8 came with PostgreSQL 13.
constexpr const char* oldest_statements_version = ">=1.8";

// Reads all statements without their texts: with them a read takes a hundred times as long and spills to temporary
// files. The first columns are userid, dbid, queryid, toplevel and stats_since (seconds since the epoch, or NULL); then
// the counters.
struct StatementsQuery {
  std::string sql;
  std::vector<StatementCounter> counters;
};
StatementsQuery statements_query(const Extension& extension);

// The server's time, its start, and when all statements were last forgotten (NULL before 1.9); seconds since the epoch.
std::string statements_moment_query(const Extension& extension);

}  // namespace pgvigil
