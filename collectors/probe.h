#pragma once

#include <array>
#include <optional>

#include "collectors/replay_lag.h"
#include "collectors/task.h"
#include "core/pg_connection.h"

namespace pgvigil {

// Says whether the server works, truthfully: a cheap query on a session of its own, and every minute a fresh login,
// because an old session goes on working when nobody can log in any more. A server that is down is this task's result
// (pg_up 0), not its failure. On a standby it also says how far replay is behind, which load balancers ask for.
class Probe final : public Task {
 public:
  static constexpr milliseconds default_interval{5000};
  // What it reports besides the agent's own pgvigil_*.
  static constexpr std::array family_names{"pg_up", "pg_postmaster_start_time_seconds", "pg_replication_is_replica",
                                           "pg_static"};

  explicit Probe(PgOptions options, milliseconds interval = default_interval);
  ~Probe() override;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  struct Answer {
    std::string version;    // "PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, …"
    double started_at = 0;  // seconds since the epoch
    bool in_recovery = false;
    int server_version = 0;        // 150018
    double clock_skew = 0;         // seconds that the server's clock is ahead of the agent's
    std::optional<ReplayLag> lag;  // on a standby that tells its position
  };
  Answer ask(const RunContext& context);
  std::optional<ReplayLag> ask_lag(const RunContext& context);

  PgOptions options_;
  TaskInfo info_;
  std::optional<PgConnection> session_;
  SteadyTime logged_in_at_;
  bool position_refused_ = false;  // by this session's server: some managed services have no such functions
  ReplayLagMeter lag_;
  std::string last_problem_;  // logged when it changes, not every five seconds
};

}  // namespace pgvigil
