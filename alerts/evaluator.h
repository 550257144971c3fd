#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/alert_store.h"
#include "alerts/evaluation.h"
#include "core/clock.h"
#include "core/snapshot.h"
#include "core/worker.h"

namespace pgvigil {

// The thread that turns snapshots into alerts: looks at all rules every interval, commits what changed, and tells the
// delivery that there is something to send. Owned by the composition root, which makes a new one after a reload (alerts
// are in the store, so nothing is lost); ended by its destructor.
class Evaluator {
 public:
  struct Setup {
    milliseconds interval{10'000};
    std::string instance;
    std::vector<Rule> rules;
    std::vector<ChannelPolicy> channels;
    std::set<std::string> tasks = {};  // all that report; empty when that is not known
  };
  struct Status {
    std::uint64_t evaluations = 0;  // that ended well
    std::uint64_t failures = 0;     // whose result could not be stored
    std::size_t rules = 0;
    std::size_t rules_failing = 0;  // at the last evaluation
  };

  // `committed` is called on the evaluator's thread after messages were put into the outbox. Throws Error as
  // AlertStore::load does.
  Evaluator(Setup setup, const SnapshotStore& snapshots, AlertStore& store, const Clock& clock,
            std::function<void()> committed);

  // Starts the thread.
  void start();

  // One evaluation, for the thread and for tests. Throws Error when its result cannot be stored; the alerts are then as
  // before.
  void step();

  Status status() const;  // any thread

 private:
  void run(const std::stop_token& stop);
  void report(const Evaluation& evaluation);

  Setup setup_;
  const SnapshotStore& snapshots_;
  AlertStore& store_;
  const Clock& clock_;
  std::function<void()> committed_;
  Alerts alerts_;
  std::optional<SteadyTime> last_;
  std::vector<std::string> problems_;  // of the last evaluation, so that each is logged once
  std::string last_failure_;
  mutable std::mutex mutex_;  // guards status_
  Status status_;
  Bell bell_;
  std::optional<Worker> worker_;  // last: it ends before what it uses
};

}  // namespace pgvigil
