#include "collectors/statements/columns.h"

#include <fmt/format.h>

#include "collectors/version_range.h"

namespace pgvigil {

namespace {

bool in_range(const char* versions, std::string_view version) {
  const auto range = VersionRange::parse(versions);
  return range && range->contains(version);
}

using C = StatementCounter;
constexpr double ms = 0.001;

constexpr std::array<StatementColumn, statement_counters> columns{{
    {C::calls,
     "pg_stat_statements_calls_total",
     "Times the statement was executed, since the agent began to export it; the series with queryid other sum up "
     "what is not exported. A statement that leaves takes its count with it: rates stay exact, and "
     "pg_stat_statements_all_calls_total keeps all.",
     1,
     {{">=1.8", "calls"}}},
    {C::exec_seconds,
     "pg_stat_statements_seconds_total",
     "Seconds spent executing it, planning not included.",
     ms,
     {{">=1.8", "total_exec_time"}}},
    {C::rows, "pg_stat_statements_rows_total", "Rows it returned or changed.", 1, {{">=1.8", "rows"}}},
    {C::plans,
     "pg_stat_statements_plans_total",
     "Times it was planned; 0 while pg_stat_statements.track_planning is off.",
     1,
     {{">=1.8", "plans"}}},
    {C::plan_seconds,
     "pg_stat_statements_plan_seconds_total",
     "Seconds spent planning it; 0 while pg_stat_statements.track_planning is off.",
     ms,
     {{">=1.8", "total_plan_time"}}},
    {C::block_read_seconds,
     "pg_stat_statements_block_read_seconds_total",
     "Seconds it spent reading blocks, temporary files not included; 0 while track_io_timing is off.",
     ms,
     {{">=1.11", "shared_blk_read_time + local_blk_read_time"}, {">=1.8", "blk_read_time"}}},
    {C::block_write_seconds,
     "pg_stat_statements_block_write_seconds_total",
     "Seconds it spent writing blocks, temporary files not included; 0 while track_io_timing is off.",
     ms,
     {{">=1.11", "shared_blk_write_time + local_blk_write_time"}, {">=1.8", "blk_write_time"}}},
    {C::shared_blocks_hit,
     "pg_stat_statements_shared_blocks_hit_total",
     "Blocks it found in shared_buffers.",
     1,
     {{">=1.8", "shared_blks_hit"}}},
    {C::shared_blocks_read,
     "pg_stat_statements_shared_blocks_read_total",
     "Blocks it asked of the operating system.",
     1,
     {{">=1.8", "shared_blks_read"}}},
    {C::shared_blocks_dirtied,
     "pg_stat_statements_shared_blocks_dirtied_total",
     "Blocks it was the first to change.",
     1,
     {{">=1.8", "shared_blks_dirtied"}}},
    {C::shared_blocks_written,
     "pg_stat_statements_shared_blocks_written_total",
     "Blocks it had to write itself.",
     1,
     {{">=1.8", "shared_blks_written"}}},
    {C::local_blocks_hit,
     "pg_stat_statements_local_blocks_hit_total",
     "Blocks of temporary tables it found in memory.",
     1,
     {{">=1.8", "local_blks_hit"}}},
    {C::local_blocks_read,
     "pg_stat_statements_local_blocks_read_total",
     "Blocks of temporary tables it asked of the operating system.",
     1,
     {{">=1.8", "local_blks_read"}}},
    {C::local_blocks_dirtied,
     "pg_stat_statements_local_blocks_dirtied_total",
     "Blocks of temporary tables it changed.",
     1,
     {{">=1.8", "local_blks_dirtied"}}},
    {C::local_blocks_written,
     "pg_stat_statements_local_blocks_written_total",
     "Blocks of temporary tables it wrote.",
     1,
     {{">=1.8", "local_blks_written"}}},
    {C::temp_blocks_read,
     "pg_stat_statements_temp_blocks_read_total",
     "Blocks it read from temporary files.",
     1,
     {{">=1.8", "temp_blks_read"}}},
    {C::temp_blocks_written,
     "pg_stat_statements_temp_blocks_written_total",
     "Blocks it wrote to temporary files, because work_mem was too small.",
     1,
     {{">=1.8", "temp_blks_written"}}},
    {C::temp_block_read_seconds,
     "pg_stat_statements_temp_block_read_seconds_total",
     "Seconds it spent reading temporary files; 0 while track_io_timing is off.",
     ms,
     {{">=1.10", "temp_blk_read_time"}}},
    {C::temp_block_write_seconds,
     "pg_stat_statements_temp_block_write_seconds_total",
     "Seconds it spent writing temporary files; 0 while track_io_timing is off.",
     ms,
     {{">=1.10", "temp_blk_write_time"}}},
    {C::wal_records, "pg_stat_statements_wal_records_total", "WAL records it made.", 1, {{">=1.8", "wal_records"}}},
    {C::wal_fpi,
     "pg_stat_statements_wal_fpi_total",
     "Full page images it made: first changes of a page after a checkpoint.",
     1,
     {{">=1.8", "wal_fpi"}}},
    {C::wal_bytes, "pg_stat_statements_wal_bytes_total", "Bytes of WAL it made.", 1, {{">=1.8", "wal_bytes"}}},
    {C::wal_buffers_full,
     "pg_stat_statements_wal_buffers_full_total",
     "Times it had to write WAL itself because wal_buffers was full.",
     1,
     {{">=1.12", "wal_buffers_full"}}},
    {C::jit_functions,
     "pg_stat_statements_jit_functions_total",
     "Functions that were compiled for it.",
     1,
     {{">=1.10", "jit_functions"}}},
    // The time for deforming (1.11) is a part of the time for generating.
    {C::jit_seconds,
     "pg_stat_statements_jit_seconds_total",
     "Seconds spent compiling functions for it: generation, inlining, optimisation and emission.",
     ms,
     {{">=1.10", "jit_generation_time + jit_inlining_time + jit_optimization_time + jit_emission_time"}}},
    {C::parallel_workers_planned,
     "pg_stat_statements_parallel_workers_planned_total",
     "Parallel workers its plans asked for.",
     1,
     {{">=1.12", "parallel_workers_to_launch"}}},
    {C::parallel_workers_launched,
     "pg_stat_statements_parallel_workers_launched_total",
     "Parallel workers it got.",
     1,
     {{">=1.12", "parallel_workers_launched"}}},
}};

}  // namespace

const std::array<StatementColumn, statement_counters>& statement_columns() {
  return columns;
}

const char* StatementColumn::sql(std::string_view extension_version) const {
  for (const Source& source : sources) {
    if (source.versions != nullptr && in_range(source.versions, extension_version)) return source.sql;
  }
  return nullptr;
}

StatementsQuery statements_query(const Extension& extension) {
  StatementsQuery query;
  query.sql =
      fmt::format("SELECT userid, dbid, queryid, {}, {}", in_range(">=1.9", extension.version) ? "toplevel" : "true",
                  in_range(">=1.11", extension.version) ? "extract(epoch FROM stats_since)" : "NULL");
  for (const StatementColumn& column : statement_columns()) {
    const char* sql = column.sql(extension.version);
    if (sql == nullptr) continue;
    query.sql += ", ";
    query.sql += sql;
    query.counters.push_back(column.counter);
  }
  query.sql += fmt::format(" FROM {}.pg_stat_statements(false)", extension.schema);
  return query;
}

std::string statements_moment_query(const Extension& extension) {
  const bool has_info = in_range(">=1.9", extension.version);
  return fmt::format(
      "SELECT extract(epoch FROM clock_timestamp()), extract(epoch FROM pg_postmaster_start_time()), {}{}{}",
      has_info ? "extract(epoch FROM stats_reset) FROM " : "NULL", has_info ? extension.schema : "",
      has_info ? ".pg_stat_statements_info" : "");
}

}  // namespace pgvigil
