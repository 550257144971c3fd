#include "collectors/waits/wait_sampler.h"

#include "collectors/value_text.h"

namespace pgvigil {

namespace {

constexpr milliseconds timeout{500};
constexpr int longest_step = 5;  // intervals

// The function rather than the view, which joins two tables; a database's name is looked up once for its group, so that
// it is today's. Sessions whose role may not be seen have no backend_type.
// A background process has no state; in its main loop it waits for an event of type Activity, and is idle then.
constexpr const char* sample_query =
    "SELECT (SELECT d.datname FROM pg_database d WHERE d.oid = s.datid), s.backend_type IN ('client backend', "
    "'parallel worker'), s.backend_type, s.wait_event_type,"
    " s.wait_event, count(*) FROM pg_stat_get_activity(NULL) s"
    " WHERE s.pid <> pg_backend_pid() AND (s.backend_type IS NULL OR (s.wait_event_type IS DISTINCT FROM 'Activity'"
    " AND (s.state = 'active' OR s.state IS NULL))) GROUP BY s.datid, 2, 3, 4, 5";
enum Column { datname, is_client, backend_type, event_type, event, count };

std::string_view value(const PgRows& rows, int row, Column column) {
  return rows.get(row, column).value_or("");
}

bool sees_everything(const PgRows& rows) {
  for (int row = 0; row < rows.rows(); ++row) {
    if (!rows.get(row, backend_type)) return false;
  }
  return true;
}

}  // namespace

WaitSampler::WaitSampler(milliseconds interval, std::size_t max_series)
    : info_{"wait_sampler", TaskKind::collector, Interval{interval}, timeout + seconds(5)},
      account_(longest_step * interval, max_series) {}

std::vector<Family> WaitSampler::run(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  const ServerTime server_time(session.connection(), context.busy);
  const PgRows rows = session.connection().query_again(sample_query, timeout, context.stop);
  const SteadyTime answered = context.clock.steady_now();
  if (!sees_everything(rows)) {
    context.skipped = "other roles' sessions are hidden (GRANT pg_read_all_stats or pg_monitor to the agent's role)";
    return {};
  }
  std::vector<WaitGroup> groups;
  for (int row = 0; row < rows.rows(); ++row) {
    const bool client = value(rows, row, is_client) == "t";
    groups.push_back({client, rows.text(row, client ? datname : backend_type), rows.text(row, event_type),
                      rows.text(row, event), printed_number<double>(value(rows, row, count))});
  }
  account_.observe(answered, groups);
  return account_.families();
}

}  // namespace pgvigil
