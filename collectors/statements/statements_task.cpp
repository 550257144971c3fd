#include "collectors/statements/statements_task.h"

#include <fmt/format.h>

#include <set>

#include "collectors/value_text.h"
#include "collectors/version_range.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto extension_name = "pg_stat_statements";
constexpr milliseconds read_timeout{5000};
constexpr milliseconds text_timeout{2000};
constexpr std::string_view not_preloaded = "55000";  // object_not_in_prerequisite_state

StatementsMoment read_moment(PgConnection& connection, const Extension& extension, const std::stop_token& stop) {
  const PgRows rows = connection.query_again(statements_moment_query(extension), read_timeout, stop);
  return {printed_number<double>(rows, 0, 0).value_or(0), printed_number<double>(rows, 0, 1).value_or(0),
          printed_number<double>(rows, 0, 2)};
}

std::vector<StatementRow> decode_rows(const PgRows& rows, const std::vector<StatementCounter>& counters) {
  std::vector<StatementRow> result(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    StatementRow& row = result[static_cast<std::size_t>(i)];
    row.key = {printed_number<std::uint32_t>(rows, i, 0).value_or(0),
               printed_number<std::uint32_t>(rows, i, 1).value_or(0), printed_number<std::int64_t>(rows, i, 2),
               rows.get(i, 3) != "f"};
    row.since = printed_number<double>(rows, i, 4);
    int column = 5;
    for (const StatementCounter counter : counters)
      at(row.values, counter) = printed_number<double>(rows, i, column++).value_or(0);
  }
  return result;
}

// Why there is nothing to read; empty: there is.
std::string missing(const ServerFacts& facts) {
  const auto extension = facts.extensions.find(extension_name);
  if (extension == facts.extensions.end()) {
    return fmt::format("the extension {0} is not installed in database {1} (CREATE EXTENSION {0})", extension_name,
                       facts.database);
  }
  const auto range = VersionRange::parse(oldest_statements_version);
  if (!range || range->contains(extension->second.version)) return {};
  return fmt::format("needs {} {} (ALTER EXTENSION {} UPDATE)", extension_name, oldest_statements_version,
                     extension_name);
}

std::map<std::uint32_t, std::string> read_names(PgConnection& connection, const std::set<std::uint32_t>& oids,
                                                const char* from, const std::stop_token& stop) {
  std::map<std::uint32_t, std::string> names;
  if (oids.empty()) return names;
  const PgRows rows = connection.query(fmt::format("SELECT {} WHERE oid = ANY($1::oid[])", from),
                                       {fmt::format("{{{}}}", fmt::join(oids, ","))}, read_timeout, stop);
  for (int row = 0; row < rows.rows(); ++row)
    names[printed_number<std::uint32_t>(rows, row, 0).value_or(0)] = rows.text(row, 1);
  return names;
}

std::set<std::int64_t> exported_queries(const StatementLedger& ledger) {
  std::set<std::int64_t> queries;
  for (const auto& [key, values] : ledger.exported()) queries.insert(key.query.value_or(0));
  return queries;
}

StatementLedger::Limits with_options(StatementLedger::Limits limits, const StatementOptions& options) {
  limits.per_criterion = options.top;
  limits.statements = options.statements;
  return limits;
}

StatementTexts::Limits with_options(StatementTexts::Limits limits, const StatementOptions& options) {
  limits.text_bytes = options.text_bytes;
  return limits;
}

}  // namespace

StatementsTask::StatementsTask(const StatementOptions& options, milliseconds interval,
                               const StatementLedger::Limits& limits, const StatementTexts::Limits& texts)
    : options_(options),
      limits_(with_options(limits, options)),
      info_{"statements", TaskKind::collector, Interval{interval}, read_timeout + text_timeout + seconds(5)},
      texts_(with_options(texts, options)) {}

std::vector<Family> StatementsTask::run(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  const ServerTime server_time(session.connection(), context.busy);
  context.skipped = missing(session.facts());
  if (!context.skipped.empty()) return {};
  const Extension extension = session.facts().extensions.at(extension_name);
  const SteadyTime started = context.clock.steady_now();
  try {
    read(session.connection(), extension, context);
  } catch (const Error& error) {
    if (error.sqlstate() != not_preloaded) throw;
    context.skipped = fmt::format("{} is not in shared_preload_libraries", extension_name);
    return {};
  }
  const auto took = std::chrono::duration_cast<milliseconds>(context.clock.steady_now() - started);
  refresh_names(session.connection(), context);
  refresh_texts(session.connection(), extension, context, took);
  std::vector<Family> families = statement_families(*ledger_, query_.counters, names_, options_.compat);
  if (options_.texts) families.push_back(statement_text_family(*ledger_, texts_.all()));
  return families;
}

void StatementsTask::read(PgConnection& connection, const Extension& extension, const RunContext& context) {
  // Another version counts other things, and identifies statements otherwise: counting begins again.
  if (!ledger_ || extension.version != version_) {
    ledger_.emplace(limits_);
    version_ = extension.version;
  }
  query_ = statements_query(extension);
  const StatementsMoment moment = read_moment(connection, extension, context.stop);
  std::vector<StatementRow> rows =
      decode_rows(connection.query_again(query_.sql, read_timeout, context.stop), query_.counters);
  // Whether a reset in between came before or after a row was read is not known; the next run sees it clearly.
  if (read_moment(connection, extension, context.stop).reset_at != moment.reset_at) return;
  ledger_->observe(moment, std::move(rows));
}

// In every run: a database that was renamed and made anew is two, and both must not go by the old name.
void StatementsTask::refresh_names(PgConnection& connection, const RunContext& context) {
  std::set<std::uint32_t> users;
  std::set<std::uint32_t> databases;
  for (const auto& [owner, totals] : ledger_->totals()) {
    users.insert(owner.first);
    databases.insert(owner.second);
  }
  names_.users =
      names_now(users, names_.users, read_names(connection, users, "oid, rolname FROM pg_roles", context.stop));
  names_.databases = names_now(databases, names_.databases,
                               read_names(connection, databases, "oid, datname FROM pg_database", context.stop));
}

void StatementsTask::refresh_texts(PgConnection& connection, const Extension& extension, const RunContext& context,
                                   milliseconds last_read) {
  const std::set<std::int64_t> exported = exported_queries(*ledger_);
  texts_.retain(exported);
  const std::vector<std::int64_t> wanted = texts_.due(context.clock.steady_now(), exported, last_read);
  if (wanted.empty()) return;
  try {
    const PgRows rows = connection.query(
        fmt::format(
            "SELECT queryid, left(query, {}) FROM {}.pg_stat_statements(true) WHERE queryid = ANY($1::bigint[])",
            texts_.text_bytes() + 1, extension.schema),
        {fmt::format("{{{}}}", fmt::join(wanted, ","))}, text_timeout, context.stop);
    for (int row = 0; row < rows.rows(); ++row) {
      texts_.keep(printed_number<std::int64_t>(rows, row, 0).value_or(0), rows.get(row, 1).value_or(""));
    }
    texts_.answered(context.clock.steady_now());
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled) throw;
    texts_.failed(context.clock.steady_now());  // the numbers do not need them
    log::debug("the texts of statements could not be read: {}", error.what());
  }
}

}  // namespace pgvigil
