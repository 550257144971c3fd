#include "collectors/backup/index_tables.h"

#include <fmt/format.h>

#include <array>

#include "collectors/backup/precise_time.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr milliseconds statement_timeout{5000};

using Parameters = std::vector<std::optional<std::string>>;

constexpr std::string_view is_there_sql =
    "SELECT to_regclass('pgvigil.backup_log') IS NOT NULL AND to_regclass('pgvigil.recovery_tests') IS NOT NULL";

constexpr std::array create_sql{
    "BEGIN",
    "SELECT pg_advisory_xact_lock(hashtext('pgvigil schema'))",
    "CREATE SCHEMA IF NOT EXISTS pgvigil",
    "CREATE TABLE IF NOT EXISTS pgvigil.backup_log (id text PRIMARY KEY, job text NOT NULL, database text NOT NULL,"
    " kind text NOT NULL, state text NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz,"
    " snapshot_at timestamptz, raw_bytes bigint, stored_bytes bigint, sha256 text, location text NOT NULL,"
    " server_version text, tool_version text, verified_at timestamptz, error text)",
    "CREATE INDEX IF NOT EXISTS backup_log_started ON pgvigil.backup_log (job, started_at)",
    "CREATE TABLE IF NOT EXISTS pgvigil.recovery_tests (id text PRIMARY KEY, job text NOT NULL, database text NOT NULL,"
    " backup_id text, backup_file text, test_date timestamptz NOT NULL, success boolean NOT NULL,"
    " restore_time_seconds numeric, validation_results jsonb, error text)",
    "CREATE INDEX IF NOT EXISTS recovery_tests_date ON pgvigil.recovery_tests (job, test_date)",
    "GRANT USAGE ON SCHEMA pgvigil TO pg_monitor",
    "GRANT SELECT ON pgvigil.backup_log, pgvigil.recovery_tests TO pg_monitor",
    "COMMIT"};

constexpr std::string_view backup_sql =
    "INSERT INTO pgvigil.backup_log (id, job, database, kind, state, started_at, finished_at, snapshot_at, raw_bytes,"
    " stored_bytes, sha256, location, server_version, tool_version, error)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at, error = "
    "excluded.error";

constexpr std::string_view drill_sql =
    "INSERT INTO pgvigil.recovery_tests (id, job, database, backup_id, backup_file, test_date, success,"
    " restore_time_seconds, validation_results, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (id) DO NOTHING";

constexpr std::string_view verified_sql =
    "UPDATE pgvigil.backup_log SET verified_at = $2 WHERE id = $1 AND (verified_at IS NULL OR verified_at < $2)";

std::optional<std::string> text_or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> time_or_null(const std::optional<WallTime>& time) {
  return time ? std::optional(format_precise_time(*time)) : std::nullopt;
}

// Of a backup that ended well; retention may have taken it in the meantime.
std::optional<Manifest> manifest_of(const JobRun& run, const BackupStore& store) {
  if (run.state != RunState::done) return std::nullopt;
  try {
    return store.manifest(run.id);
  } catch (const Error& error) {
    log::warn("backup_log: {}", error.what());
    return std::nullopt;
  }
}

Parameters backup_row(const JobRun& run, const std::string& database, const BackupStore& store) {
  const std::optional<Manifest> manifest = manifest_of(run, store);
  Parameters row{run.id,
                 run.job,
                 database,
                 "logical",
                 std::string(to_string(run.state)),
                 format_precise_time(run.started),
                 time_or_null(run.finished)};
  if (manifest) {
    const StoredObject* dump = manifest->find(dump_object_name(manifest->source.database));
    row.insert(row.end(), {format_precise_time(manifest->snapshot), std::to_string(manifest->raw_bytes()),
                           std::to_string(manifest->stored_bytes()),
                           dump == nullptr ? std::nullopt : std::optional(dump->stored.sha256)});
    row.insert(row.end(), {store.location(run.id), manifest->source.version_text, manifest->tool_version});
  } else {
    row.insert(row.end(), {std::nullopt, std::nullopt, std::nullopt, std::nullopt, store.location(run.id), std::nullopt,
                           std::nullopt});
  }
  row.push_back(text_or_null(run.error));
  return row;
}

Parameters drill_row(const JobRun& run, const std::string& database, const BackupStore& store) {
  const bool good = run.state == RunState::done;
  return {run.id,
          run.job,
          database,
          text_or_null(run.backup),
          run.backup.empty() ? std::nullopt : std::optional(store.location(run.backup)),
          format_precise_time(run.started),
          good ? "true" : "false",
          good ? std::optional(fmt::format("{:.3f}", run.restore_seconds)) : std::nullopt,
          run.results.dump(),
          text_or_null(run.error)};
}

void create_if_absent(PgConnection& connection, const std::stop_token& stop) {
  if (connection.query(is_there_sql, statement_timeout, stop).text(0, 0) == "t") return;
  for (const char* sql : create_sql) connection.query(sql, statement_timeout, stop);
}

}  // namespace

IndexTables::IndexTables(const BackupOptions& job, const PgOptions& target)
    : job_(job.name), source_database_(job.database) {
  if (!job.log_database) return;
  connection_ = connection_options(job, target, *job.log_database);
  connection_->application_name = "pgvigil/index";
  connection_->access = Access::read_write;
  connection_->statement_timeout = statement_timeout;
}

void IndexTables::catch_up(RunJournal& journal, const BackupStore& store, const std::stop_token& stop) const {
  if (!connection_) return;
  try {
    write(journal, store, stop);
  } catch (const Error& error) {
    log::warn("the index tables of backup {} are not up to date: {}", job_, error.what());
  }
}

void IndexTables::write(RunJournal& journal, const BackupStore& store, const std::stop_token& stop) const {
  const std::vector<JobRun> runs = journal.not_indexed(job_);
  if (runs.empty()) return;
  PgConnection connection = PgConnection::open(*connection_, stop);
  create_if_absent(connection, stop);
  for (const JobRun& run : runs) {
    if (run.kind == RunKind::backup) {
      connection.query(backup_sql, backup_row(run, source_database_, store), statement_timeout, stop);
    } else {
      connection.query(drill_sql, drill_row(run, source_database_, store), statement_timeout, stop);
      if (run.state == RunState::done) {
        connection.query(verified_sql, {run.backup, time_or_null(run.finished)}, statement_timeout, stop);
      }
    }
    journal.mark_indexed(run.id);
  }
}

}  // namespace pgvigil
