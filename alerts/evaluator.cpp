#include "alerts/evaluator.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

std::string_view name_of(std::optional<Level> level) {
  return level ? to_string(*level) : "ok";
}

}  // namespace

Evaluator::Evaluator(Setup setup, const SnapshotStore& snapshots, AlertStore& store, const Clock& clock,
                     std::function<void()> committed)
    : setup_(std::move(setup)),
      snapshots_(snapshots),
      store_(store),
      clock_(clock),
      committed_(std::move(committed)),
      alerts_(store.load()) {
  status_.rules = setup_.rules.size();
  store_.show(alerts_);
}

void Evaluator::start() {
  worker_.emplace("alerts", [this](const std::stop_token& stop) { run(stop); });
}

void Evaluator::run(const std::stop_token& stop) {
  SteadyTime next = clock_.steady_now();
  while (!stop.stop_requested()) {
    try {
      step();
      last_failure_.clear();
    } catch (const Error& error) {
      // A full disk lasts for many evaluations and is reported once.
      if (last_failure_ != error.what()) log::error("alerts cannot be stored: {}", error.what());
      last_failure_ = error.what();
      const std::lock_guard lock(mutex_);
      ++status_.failures;
    }
    next = std::max(next + setup_.interval, clock_.steady_now());
    bell_.wait_until(next, stop);
  }
}

void Evaluator::step() {
  const SteadyTime now = clock_.steady_now();
  const auto elapsed = last_ ? std::chrono::duration_cast<milliseconds>(now - *last_) : milliseconds(0);
  last_ = now;
  const auto snapshots = snapshots_.all();
  Evaluation evaluation = evaluate({setup_.rules, setup_.channels, setup_.instance, snapshots, alerts_, now,
                                    clock_.wall_now(), elapsed, setup_.tasks.empty() ? nullptr : &setup_.tasks});
  store_.commit(evaluation.changes);
  report(evaluation);
  alerts_ = std::move(evaluation.alerts);
  store_.show(alerts_);
  if (!evaluation.changes.notifications.empty()) committed_();
}

void Evaluator::report(const Evaluation& evaluation) {
  for (const LevelChange& change : evaluation.level_changes) {
    log::info("alert {} of {}: {} -> {} ({})", change.rule, change.subject, name_of(change.before),
              name_of(change.after), to_string(change.reason));
  }
  if (evaluation.problems != problems_) {
    for (const std::string& problem : evaluation.problems) log::error("{}", problem);
    problems_ = evaluation.problems;
  }
  const std::lock_guard lock(mutex_);
  ++status_.evaluations;
  status_.rules_failing = evaluation.problems.size();
}

Evaluator::Status Evaluator::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace pgvigil
