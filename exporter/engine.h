#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/alert_store.h"
#include "alerts/delivery.h"
#include "alerts/evaluator.h"
#include "alerts/heartbeat.h"
#include "alerts/outbox.h"
#include "collectors/connections.h"
#include "collectors/scheduler.h"
#include "config/config.h"
#include "core/http_client.h"
#include "core/local_store.h"
#include "core/snapshot.h"

namespace pgvigil {

// Everything that works by one configuration: the connections, the scheduler with its tasks, the rules and the
// delivery. A reload ends the old engine and makes a new one; what must survive that is in the local store.
class Engine {
 public:
  struct Surroundings {
    LocalStore& store;
    SnapshotStore& snapshots;
    const Clock& clock;
    TaskObserver& observer;
    std::function<void(SnapshotPtr)> publish;
    const PauseSwitch& pause;
    std::function<std::vector<Family>()> own_families;           // for rules about the agent itself
    std::function<bool(const std::set<std::string>&)> have_run;  // whether these tasks have run once
    std::optional<SteadyTime> last_look = {};                    // at the rules, by the engine before this one
    std::shared_ptr<const History> samples = {};                 // of the same engine's windows
  };

  Engine(const Config& config, const Surroundings& around);

  std::set<std::string> task_names() const { return task_names_; }
  std::vector<AlertView> alerts() const { return alerts_.current(); }

  // When the rules were looked at last, for the engine that takes its place.
  std::optional<SteadyTime> last_look() const { return evaluator_.status().last_look; }

  // What its windows look back at, for the same; to be read when this engine has ended.
  std::shared_ptr<const History> samples() const { return evaluator_.samples(); }

  // Stops starting jobs, so that a reload need not end one in the middle.
  void hold_jobs() { scheduler_.hold_jobs(); }

  // What the engine knows about itself, for /metrics.
  std::vector<Family> families() const;

 private:
  Engine(const Config& config, const Surroundings& around, std::vector<TaskPtr> tasks);
  void start_heartbeat(const AlertOptions& options, const Surroundings& around);
  // What keeps alerting from making progress.
  std::optional<std::string> trouble(const Surroundings& around, milliseconds patience);

  std::set<std::string> task_names_;
  ConnectionPool connections_;
  SeriesBudget series_;
  Outbox outbox_;
  AlertStore alerts_;
  Delivery delivery_;
  Evaluator evaluator_;
  StandstillCheck evaluations_;  // for the heartbeat's thread alone
  std::unique_ptr<HttpClient> heartbeat_http_;
  std::optional<Heartbeat> heartbeat_;
  Scheduler scheduler_;  // last: it stops first
};

}  // namespace pgvigil
