#include "collectors/probe.h"

#include "collectors/value_text.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr auto query_timeout = milliseconds(2000);
constexpr auto login_every = seconds(60);

Family gauge(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), MetricType::gauge, {}, {{{}, value}}};
}

// One row on any server; on a primary all NULL. latest_end_lsn is the end of upstream's WAL as it was announced last;
// without pg_read_all_stats only the receiver's pid can be seen.
constexpr const char* position_query =
    "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn, pg_last_wal_receive_lsn() - '0/0'::pg_lsn, latest_end_lsn - "
    "'0/0'::pg_lsn,"
    " coalesce(status = 'streaming', pid IS NOT NULL),"
    " extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
    " FROM (SELECT) AS always LEFT JOIN pg_stat_wal_receiver ON true";

std::vector<Family> lag_families(const ReplayLag& lag) {
  std::vector<Family> families;
  families.push_back(gauge("pgvigil_standby_receiver_connected",
                           "On a standby: 1 while it receives WAL from its upstream server, otherwise 0.",
                           lag.receiver_connected ? 1 : 0));
  if (lag.seconds) {
    families.push_back(gauge("pgvigil_standby_replay_lag_seconds",
                             "On a standby: how far replay is behind upstream, at most; 0 while upstream is idle and "
                             "connected, growing while it is not connected.",
                             *lag.seconds));
  }
  if (lag.bytes) {
    families.push_back(
        gauge("pgvigil_standby_replay_lag_bytes",
              "On a standby: WAL that upstream has and that is not replayed; absent while not connected.", *lag.bytes));
  }
  return families;
}

// On a primary: that there is no lag is known, so an alert about the lag of a former standby can end.
std::vector<Family> no_lag_families() {
  ReplayLag lag;
  lag.seconds = 0;
  lag.bytes = 0;
  std::vector<Family> families = lag_families(lag);
  for (Family& family : families) family.samples = {};
  return families;
}

}  // namespace

Probe::Probe(PgOptions options, milliseconds interval)
    : options_(std::move(options)),
      info_{"probe", TaskKind::collector, Interval{interval}, options_.connect_timeout + query_timeout + seconds(2),
            true} {}

Probe::~Probe() {
  if (session_) session_->close();
}

Probe::Answer Probe::ask(const RunContext& context) {
  const SteadyTime now = context.clock.steady_now();
  if (session_ && (!session_->usable() || now - logged_in_at_ >= login_every)) {
    session_->close();  // first: two at a time are more than its place in the budget
    session_.reset();
  }
  if (!session_) {
    session_.emplace(PgConnection::open(options_, context.stop));
    logged_in_at_ = now;
    position_refused_ = false;
  }
  const WallTime asked_at = context.clock.wall_now();
  const PgRows rows = session_->query(
      "SELECT version(), extract(epoch FROM pg_postmaster_start_time()), pg_is_in_recovery(),"
      " extract(epoch FROM clock_timestamp())",
      query_timeout, context.stop);
  // The server read its clock somewhere between asking and answer.
  const double halfway = (unix_seconds(asked_at) + unix_seconds(context.clock.wall_now())) / 2;
  Answer answer{rows.text(0, 0),
                printed_number<double>(rows.text(0, 1)),
                rows.get(0, 2) == "t",
                session_->server_version(),
                printed_number<double>(rows.text(0, 3)) - halfway,
                {}};
  if (answer.in_recovery) {
    answer.lag = ask_lag(context);
  } else {
    lag_.forget();
  }
  return answer;
}

// Its failure is no reason to call the server down.
std::optional<ReplayLag> Probe::ask_lag(const RunContext& context) {
  if (position_refused_) return std::nullopt;
  try {
    const PgRows rows = session_->query(position_query, query_timeout, context.stop);
    const auto number = [&rows](int column) { return printed_number<double>(rows, 0, column); };
    return lag_.look({rows.get(0, 3) == "t", number(0), number(1), number(2), number(4)}, context.clock.steady_now());
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::rejected) throw;
    position_refused_ = true;
    log::debug("the standby does not tell its position: {}", error.what());
    return std::nullopt;
  }
}

std::vector<Family> Probe::run(RunContext& context) {
  std::optional<Answer> answer;
  const SteadyTime started = context.clock.steady_now();
  try {
    answer = ask(context);
  } catch (const Error& error) {
    session_.reset();
    if (error.kind() == Error::Kind::cancelled) throw;
    if (std::exchange(last_problem_, error.what()) != error.what())
      log::warn("the server does not answer: {}", last_problem_);
  }
  std::vector<Family> families;
  families.push_back(gauge("pg_up",
                           "1 when the server accepts a login and answers a query, otherwise 0; with a fresh "
                           "login every minute.",
                           answer ? 1 : 0));
  if (!answer) return families;
  if (!std::exchange(last_problem_, {}).empty()) log::info("the server answers again");
  const std::chrono::duration<double> took = context.clock.steady_now() - started;
  families.push_back(gauge("pgvigil_probe_seconds",
                           "How long the last check of the server took, with the login when there was one.",
                           took.count()));
  families.push_back(gauge("pg_postmaster_start_time_seconds",
                           "When the server was started, in seconds since the epoch.", answer->started_at));
  families.push_back(
      gauge("pgvigil_clock_skew_seconds",
            "How far the server's clock is ahead of the agent's (below 0: behind), give or take half the "
            "time that its answer took.",
            answer->clock_skew));
  families.push_back(
      gauge("pg_replication_is_replica", "1 on a standby (in recovery), 0 on a primary.", answer->in_recovery ? 1 : 0));
  if (answer->lag || !answer->in_recovery) {
    for (Family& family : answer->lag ? lag_families(*answer->lag) : no_lag_families()) {
      families.push_back(std::move(family));
    }
  }
  // Three parts, as postgres_exporter has it.
  const std::string short_version =
      std::to_string(answer->server_version / 10000) + '.' + std::to_string(answer->server_version % 10000) + ".0";
  families.push_back({"pg_static",
                      "The server's version, as labels; the value is always 1.",
                      MetricType::gauge,
                      {"version", "short_version"},
                      {{{answer->version, short_version}, 1}}});
  return families;
}

}  // namespace pgvigil
