#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerts/evaluation.h"
#include "alerts/evaluator.h"
#include "alerts/history.h"
#include "alerts/routing/routing.h"

namespace pgvigil {

// The evaluator's work on virtual time: rules, history and routing, without threads, a store or receivers. For tests of
// rules, the user's and ours. One thread.
class Rehearsal {
 public:
  // `setup` as the agent would have it; of it rules, channels, routing and the server's name are used.
  Rehearsal(Evaluator::Setup setup, SteadyTime now, WallTime wall_now);

  // One evaluation of what the tasks reported last.
  void look(const std::vector<SnapshotPtr>& snapshots, SteadyTime now, WallTime wall_now);

  // The agent is ended and started again: what is not in its store is forgotten. `setup` may have other rules.
  void restart(SteadyTime now, WallTime wall_now);

  const Alerts& alerts() const { return alerts_; }
  const std::vector<std::string>& problems() const { return problems_; }   // of the last evaluation
  const std::vector<Notification>& messages() const { return messages_; }  // all that were made, in order
  const std::vector<LevelChange>& changes() const { return changes_; }     // likewise

 private:
  void begin(SteadyTime now, WallTime wall_now);

  Evaluator::Setup setup_;
  std::optional<History> history_;
  Alerts alerts_;
  RoutingState routing_;
  std::optional<SteadyTime> last_;
  std::vector<std::string> problems_;
  std::vector<Notification> messages_;
  std::vector<LevelChange> changes_;
};

}  // namespace pgvigil
