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
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Until SIGTERM or SIGINT.
  void run(const Signals& signals);

 private:
  Routes make_routes();
  void start_engine(const Config& config);
  void end_engine();
  void read_config_again();
  void take_over_config();
  bool job_running() const;

  HttpReply metrics(const HttpQuery& query);
  HttpReply role(RoleCheck check, const HttpQuery& query) const;
  HttpReply ready() const;
  HttpReply status() const;
  std::vector<Family> own_families() const;

  const std::filesystem::path config_file_;
  const ListenOptions listen_;
  const std::filesystem::path state_dir_;
  PauseSwitch pause_{state_dir_};
  SystemClock clock_;
  SnapshotStore snapshots_;
  MetricsPage page_;
  TaskBoard board_;
  const bool compat_;
  SelfMetrics metrics_;
  Fd lock_;  // two agents on one state folder would take each other's runs for left-overs
  LocalStore store_;
  std::optional<Config> pending_;           // read and good, waiting for running jobs to end
  mutable std::shared_mutex mutex_;         // guards engine_: requests read it, a reload exchanges it
  std::unique_ptr<Engine> engine_;          // none for the moment between two
  std::optional<SteadyTime> last_look_;     // at the rules, by the engine before this one
  std::shared_ptr<const History> samples_;  // of that engine's windows, while there is no other
  // Load balancers get no answer from a look at the server that is older.
  std::atomic<milliseconds> role_valid_for_{};
  Routes routes_;
  WebAccess access_;
  WebServer server_;  // last: it stops before what it asks
};

}  // namespace pgvigil
