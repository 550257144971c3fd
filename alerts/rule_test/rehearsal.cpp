#include "alerts/rule_test/rehearsal.h"

#include "alerts/lifecycle_json.h"

namespace pgvigil {

namespace {

std::vector<promql::Expression> expressions_of(const std::vector<Rule>& rules) {
  std::vector<promql::Expression> expressions;
  expressions.reserve(rules.size());
  for (const Rule& rule : rules) expressions.push_back(rule.expression);
  return expressions;
}

}  // namespace

Rehearsal::Rehearsal(Evaluator::Setup setup, SteadyTime now, WallTime wall_now) : setup_(std::move(setup)) {
  begin(now, wall_now);
}

void Rehearsal::begin(SteadyTime now, WallTime wall_now) {
  history_.emplace(expressions_of(setup_.rules), now, wall_now);
  last_.reset();
}

void Rehearsal::look(const std::vector<SnapshotPtr>& snapshots, SteadyTime now, WallTime wall_now) {
  const auto elapsed = last_ ? std::chrono::duration_cast<milliseconds>(now - *last_) : milliseconds(0);
  last_ = now;
  history_->observe(snapshots, now);
  EvaluationInput input{setup_.rules, setup_.instance, snapshots, alerts_, now, wall_now, elapsed};
  input.history = &*history_;
  Evaluation evaluation = evaluate(input);
  const Wishes nobody;
  RoutingChanges routing = route(
      {setup_.routing, setup_.channels, evaluation.alerts, evaluation.level_changes, routing_, nobody, now, wall_now});
  messages_.insert(messages_.end(), routing.notifications.begin(), routing.notifications.end());
  changes_.insert(changes_.end(), evaluation.level_changes.begin(), evaluation.level_changes.end());
  apply(routing, routing_);
  alerts_ = std::move(evaluation.alerts);
  problems_ = std::move(evaluation.problems);
}

void Rehearsal::restart(SteadyTime now, WallTime wall_now) {
  for (auto& [id, alert] : alerts_) alert.state = lifecycle_from(to_json(alert.state));
  begin(now, wall_now);
}

}  // namespace pgvigil
