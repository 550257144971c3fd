#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/alert_store.h"
#include "alerts/history.h"
#include "alerts/rule.h"
#include "core/clock.h"
#include "core/snapshot.h"

namespace pgvigil {

// No rule may follow more subjects than this: the first ones stay, the rest is reported.
constexpr std::size_t max_alerts_per_rule = 1000;

struct EvaluationInput {
  const std::vector<Rule>& rules;
  const std::string& instance;  // the name of the watched server in messages
  const std::vector<SnapshotPtr>& snapshots;
  const Alerts& alerts;  // as the evaluation before this one left them
  SteadyTime now;
  WallTime wall_now;
  milliseconds elapsed;  // since the evaluation before this one; zero for the first of a process
  // All tasks there are; null when that is not known. What a task reported that is no more is gone with it.
  const std::set<std::string>* tasks = nullptr;
  // What windows and offsets look back at; without it they know nothing.
  const History* history = nullptr;
};

// How one rule fared, for the agent's own metrics.
struct RuleReport {
  std::string rule;
  std::chrono::nanoseconds took{0};
  std::size_t subjects = 0;  // elements of the expression's result
  std::size_t left_out = 0;  // alerts beyond the limit
  std::string problem;       // why it could not be evaluated; its alerts are as they were
};

struct Evaluation {
  Alerts alerts;
  AlertChanges changes;  // from input.alerts to alerts
  std::vector<LevelChange> level_changes;
  std::vector<RuleReport> rules;      // in the order of the input's
  std::vector<std::string> problems;  // of all rules, for people
};

// One look at all rules: a function of its input, without threads or disk; the clock only measures how long it took.
Evaluation evaluate(const EvaluationInput& input);

}  // namespace pgvigil
