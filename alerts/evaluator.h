#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/alert_history.h"
#include "alerts/alert_store.h"
#include "alerts/evaluation.h"
#include "alerts/notification.h"
#include "alerts/routing/routing.h"
#include "alerts/routing/routing_options.h"
#include "alerts/routing/routing_store.h"
#include "alerts/routing/silence_store.h"
#include "core/clock.h"
#include "core/snapshot.h"
#include "core/worker.h"

namespace pgvigil {

// The thread that turns snapshots into alerts: looks at all rules every interval and when there is something new,
// decides who is told, commits all of it at once, and tells the delivery that there is something to send. Owned by the
// composition root, which makes a new one after a reload (alerts are in the store, so nothing is lost); ended by its
// destructor.
class Evaluator {
 public:
  struct Setup {
    milliseconds interval{10'000};
    std::string instance;
    std::vector<Rule> rules;
    std::vector<ChannelPolicy> channels;
    RoutingOptions routing = {};
    std::set<std::string> tasks = {};  // all that report; empty when that is not known
    // What the agent says of itself, so that rules may speak of it; it is asked at every evaluation.
    std::function<std::vector<Family>()> own_families = {};
    // Whether every collector has run once since the agent was started. What fires before that, or before longest_hold
    // has passed, is not told yet: half a picture fires and inhibits wrongly.
    std::function<bool()> first_cycle_done = {};
    std::optional<SteadyTime> last_look = {};  // of the evaluator before this one in the same process
  };
  struct Status {
    std::uint64_t evaluations = 0;  // that ended well
    std::uint64_t failures = 0;     // whose result could not be stored
    std::size_t rules = 0;
    std::size_t rules_failing = 0;           // at the last evaluation
    std::chrono::duration<double> took{0};   // the last evaluation, with routing and storing
    std::chrono::duration<double> total{0};  // all of them
    std::uint64_t triggers = 0;              // messages made, by kind
    std::uint64_t resolves = 0;
    std::uint64_t reminders = 0;
    std::size_t incidents = 0;  // that channels know and that are not over
    bool held = false;          // nobody is told of anything new yet
  };

  // The hold at the start does not last longer, whatever the collectors do.
  static constexpr seconds longest_hold{60};
  // Between two evaluations that something new causes.
  static constexpr milliseconds shortest_interval{500};

  // The name under which rules see what the agent says of itself.
  static constexpr const char* own_task = "pgvigil";

  // `committed` is called on the evaluator's thread after messages were put into the outbox, whose table must exist
  // (Outbox makes it). Throws Error as AlertStore::load does.
  Evaluator(Setup setup, const SnapshotStore& snapshots, AlertStore& store, const Clock& clock,
            std::function<void()> committed);

  // Starts the thread.
  void start();

  // There is a new snapshot: look soon, not at the end of the interval. Any thread.
  void look_soon();

  // One evaluation, for the thread and for tests. Throws Error when its result cannot be stored; the alerts are then as
  // before.
  void step();

  Status status() const;  // any thread

  // When the last evaluation looked, for the next evaluator of this process. Not while the thread runs.
  std::optional<SteadyTime> last_look() const { return last_; }

 private:
  void run(const std::stop_token& stop);
  void wait(SteadyTime started, const std::stop_token& stop);
  std::vector<SnapshotPtr> snapshots_now(SteadyTime now);
  bool holding(SteadyTime now);
  void commit(const Evaluation& evaluation, const RoutingChanges& routing, WallTime now);
  void report(const Evaluation& evaluation, const RoutingChanges& routing, SteadyTime started);

  Setup setup_;
  const SnapshotStore& snapshots_;
  AlertStore& store_;
  AlertHistory history_;
  RoutingStore routing_store_;
  SilenceStore silences_;
  const Clock& clock_;
  std::function<void()> committed_;
  Alerts alerts_;
  RoutingState routing_;
  std::optional<SteadyTime> last_;
  SteadyTime started_;
  bool held_ = true;
  std::uint64_t own_runs_ = 0;
  std::optional<SteadyTime> next_message_;  // a group has then waited long enough
  std::vector<std::string> problems_;       // of the last evaluation, so that each is logged once
  std::string last_failure_;
  mutable std::mutex mutex_;  // guards status_
  Status status_;
  Bell bell_;
  std::optional<Worker> worker_;  // last: it ends before what it uses
};

}  // namespace pgvigil
