#include "collectors/headroom/headroom_task.h"

#include <cmath>

#include "collectors/value_text.h"

namespace pgvigil {

namespace {

constexpr milliseconds timeout{2000};
constexpr double id_space = 2147483647;  // half of 2^32: older ones would be in the future

// On a standby the WAL that it was sent; a slot there keeps what it has replayed.
constexpr const char* slots_query =
    "SELECT s.slot_name, s.slot_type, s.safe_wal_size,"
    " (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
    " ELSE pg_current_wal_lsn() END) - '0/0'::pg_lsn"
    " FROM (SELECT 1) one LEFT JOIN pg_replication_slots s ON true";

// The next ID is a database's oldest one plus its age; for transactions there is a function with the epoch.
constexpr const char* databases_query =
    "SELECT datname, age(datfrozenxid), mxid_age(datminmxid), pg_snapshot_xmax(pg_current_snapshot())::text,"
    " (datminmxid::text::bigint + mxid_age(datminmxid)) & 4294967295 FROM pg_database";

}  // namespace

double xids_kept_back(int server_version) {
  return server_version >= 140000 ? 3000000 : 1000000;
}
double multixacts_kept_back(int server_version) {
  return server_version >= 140000 ? 3000000 : 100;
}

HeadroomTask::HeadroomTask(milliseconds interval)
    : info_{"headroom", TaskKind::collector, Interval{interval}, 2 * timeout + seconds(5)},
      wal_(RateTracker::Kind::counter, std::chrono::minutes(15), std::chrono::minutes(1)),
      xids_(RateTracker::Kind::counter, std::chrono::hours(1), std::chrono::minutes(5)),
      multixacts_(RateTracker::Kind::counter, std::chrono::hours(1), std::chrono::minutes(5)) {}

Family HeadroomTask::slots(PgConnection& connection, const RunContext& context) {
  Family family{"pg_replication_slot_headroom_seconds",
                "How long until the slot loses WAL that it needs, if it did not move on and the server made WAL as "
                "fast as lately (half-life 15 minutes). Absent without max_slot_wal_keep_size, and while no WAL is "
                "made.",
                MetricType::gauge,
                {"slot_name", "slot_type"},
                {}};
  const PgRows rows = connection.query_again(slots_query, timeout, context.stop);
  if (const auto position = printed_number<double>(rows, 0, 3)) wal_.observe(context.clock.steady_now(), *position);
  for (int row = 0; row < rows.rows(); ++row) {
    if (!rows.get(row, 0)) continue;
    family.samples.push_back({{rows.text(row, 0), rows.text(row, 1)},
                              seconds_until_used(printed_number<double>(rows, row, 2), wal_.per_second())});
  }
  return family;
}

void HeadroomTask::databases(PgConnection& connection, const RunContext& context, std::vector<Family>& families) {
  Family xids{"pg_wraparound_estimated_seconds",
              "How long until the server refuses writes because of this database's oldest transaction ID, if nothing "
              "was frozen and IDs were used as fast as lately (half-life 1 hour). Absent while none are used.",
              MetricType::gauge,
              {"datname"},
              {}};
  Family multixacts{"pg_multixact_wraparound_estimated_seconds",
                    "The same for multixact IDs, which row locks shared by several transactions use.",
                    MetricType::gauge,
                    {"datname"},
                    {}};
  const int version = connection.server_version();
  const PgRows rows = connection.query_again(databases_query, timeout, context.stop);
  const SteadyTime now = context.clock.steady_now();
  if (const auto next = printed_number<double>(rows, 0, 3)) xids_.observe(now, *next);
  if (const auto next = printed_number<double>(rows, 0, 4)) multixacts_.observe(now, *next);
  const auto left = [&rows](int row, int column, double kept_back) {
    const auto age = printed_number<double>(rows, row, column);
    return age ? std::optional(id_space - kept_back - *age) : std::nullopt;
  };
  for (int row = 0; row < rows.rows(); ++row) {
    const std::string database = rows.text(row, 0);
    xids.samples.push_back({{database}, seconds_until_used(left(row, 1, xids_kept_back(version)), xids_.per_second())});
    multixacts.samples.push_back(
        {{database}, seconds_until_used(left(row, 2, multixacts_kept_back(version)), multixacts_.per_second())});
  }
  families.push_back(std::move(xids));
  families.push_back(std::move(multixacts));
}

std::vector<Family> HeadroomTask::run(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  const ServerTime server_time(session.connection(), context.busy);
  std::vector<Family> families;
  families.push_back(slots(session.connection(), context));
  databases(session.connection(), context, families);
  return families;
}

}  // namespace pgvigil
