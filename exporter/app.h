#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "config/config.h"
#include "core/file.h"
#include "core/local_store.h"
#include "core/snapshot.h"
#include "exporter/engine.h"
#include "exporter/metrics_page.h"
#include "exporter/role_checks.h"
#include "exporter/routes.h"
#include "exporter/self_metrics.h"
#include "exporter/signals.h"
#include "exporter/task_board.h"
#include "exporter/web_access.h"
#include "exporter/web_server.h"

namespace pgvigil {

// The agent: builds everything, hands each part what it depends on, and waits for signals.
class App {
 public:
  // Throws Error when the state folder cannot be used or the address cannot be listened on.
  App(std::filesystem::path config_file, const Config& config);

  // Until SIGTERM or SIGINT.
  void run(const Signals& signals);

 private:
  Routes make_routes();
  void start_engine(const Config& config);
  void read_config_again();
  void take_over_config();
  bool job_running() const;

  HttpReply metrics(const HttpQuery& query);
  HttpReply role(RoleCheck check, const HttpQuery& query) const;
  HttpReply ready() const;
  HttpReply status() const;
  std::vector<Family> own_families() const;

  // Tells both what the tasks do.
  struct Observers final : TaskObserver {
    Observers(SelfMetrics& metrics_, TaskBoard& board_) : metrics(metrics_), board(board_) {}
    void run_started(const TaskInfo& task) override;
    void run_ended(const TaskInfo& task, const RunReport& report) override;
    void runs_missed(const TaskInfo& task, std::int64_t count) override;
    SelfMetrics& metrics;
    TaskBoard& board;
  };

  const std::filesystem::path config_file_;
  const ListenOptions listen_;
  const std::filesystem::path state_dir_;
  PauseSwitch pause_{state_dir_};
  SystemClock clock_;
  SnapshotStore snapshots_;
  MetricsPage page_;
  TaskBoard board_;
  SelfMetrics metrics_;
  Observers observers_{metrics_, board_};
  Fd lock_;  // two agents on one state folder would take each other's runs for left-overs
  LocalStore store_;
  std::optional<Config> pending_;    // read and good, waiting for running jobs to end
  mutable std::shared_mutex mutex_;  // guards engine_: requests read it, a reload exchanges it
  std::unique_ptr<Engine> engine_;   // none for the moment between two
  // Load balancers get no answer from a look at the server that is older.
  std::atomic<milliseconds> role_valid_for_{};
  Routes routes_;
  WebAccess access_;
  WebServer server_;  // last: it stops before what it asks
};

}  // namespace pgvigil
