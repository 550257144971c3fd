#include "collectors/backup/source_snapshot.h"

#include <utility>

#include "collectors/backup/precise_time.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

// For all statements of the session: a count of a table below the limit is done long before.
constexpr milliseconds statement_timeout = std::chrono::minutes(10);

// Larger tables are estimated: counting them would take about as long as dumping them.
constexpr std::int64_t exact_limit = std::int64_t{1} << 30;

PgOptions session_options(PgOptions options) {
  options.access = Access::read_only;
  options.statement_timeout = statement_timeout;
  return options;
}

std::string system_identifier(PgConnection& connection, const std::stop_token& stop) {
  try {
    return connection.query("SELECT system_identifier FROM pg_control_system()", statement_timeout, stop).text(0, 0);
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::rejected) throw;
    log::debug("the server does not tell its system identifier: {}", error.what());
    return {};
  }
}

SourceFacts read_facts(PgConnection& connection, const std::stop_token& stop) {
  SourceFacts facts;
  facts.system_identifier = system_identifier(connection, stop);
  facts.version = connection.server_version();
  const PgRows row = connection.query(
      "SELECT current_setting('server_version'), datname, pg_encoding_to_char(encoding), datcollate, datctype,"
      " (SELECT rolname FROM pg_roles WHERE oid = 10) FROM pg_database WHERE datname = current_database()",
      statement_timeout, stop);
  facts.version_text = row.text(0, 0);
  facts.database = row.text(0, 1);
  facts.encoding = row.text(0, 2);
  facts.collate = row.text(0, 3);
  facts.ctype = row.text(0, 4);
  facts.bootstrap_role = row.text(0, 5);
  const PgRows extensions = connection.query("SELECT extname, extversion FROM pg_extension", statement_timeout, stop);
  for (int i = 0; i < extensions.rows(); ++i) facts.extensions[extensions.text(i, 0)] = extensions.text(i, 1);
  return facts;
}

}  // namespace

SourceSnapshot::SourceSnapshot(const PgOptions& options, const std::stop_token& stop)
    : connection_(PgConnection::open(session_options(options), stop)), facts_(read_facts(connection_, stop)) {
  // A table whose rows this role may not all see is then an error instead of a smaller number.
  connection_.query("SET row_security = off", statement_timeout, stop);
  connection_.query("SET idle_in_transaction_session_timeout = 0", statement_timeout, stop);
  if (facts_.version >= 170000) connection_.query("SET transaction_timeout = 0", statement_timeout, stop);
  connection_.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", statement_timeout, stop);
  const PgRows row = connection_.query(
      R"(SELECT pg_export_snapshot(), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))",
      statement_timeout, stop);
  name_ = row.text(0, 0);
  taken_at_ = parse_precise_time(row.text(0, 1)).value_or(WallTime());
}

std::vector<TableRows> SourceSnapshot::count_and_close(const std::stop_token& stop) {
  PgConnection connection = std::move(connection_);
  return count_rows(connection, exact_limit, statement_timeout, stop);
}

}  // namespace pgvigil
