#include "alerts/evaluator.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "alerts/outbox.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

std::string_view name_of(std::optional<Level> level) {
  return level ? to_string(*level) : "ok";
}

void count(const std::vector<Notification>& messages, Evaluator::Status& status) {
  for (const Notification& message : messages) {
    if (message.kind == Notification::Kind::resolve) {
      ++status.resolves;
    } else {
      ++(message.repeat ? status.reminders : status.triggers);
    }
  }
}

}  // namespace

Evaluator::Evaluator(Setup setup, const SnapshotStore& snapshots, AlertStore& store, const Clock& clock,
                     std::function<void()> committed)
    : setup_(std::move(setup)),
      snapshots_(snapshots),
      store_(store),
      history_(store.store()),
      routing_store_(store.store()),
      silences_(store.store()),
      clock_(clock),
      committed_(std::move(committed)),
      alerts_(store.load()),
      routing_(routing_store_.load(clock.steady_now(), clock.wall_now())),
      last_(setup_.last_look),
      started_(clock.steady_now()) {
  status_.rules = setup_.rules.size();
  status_.held = true;
  if (setup_.own_families && !setup_.tasks.empty()) setup_.tasks.emplace(own_task);
  store_.show(alerts_);
}

void Evaluator::start() {
  worker_.emplace("alerts", [this](const std::stop_token& stop) { run(stop); });
}

void Evaluator::look_soon() {
  bell_.ring();
}

void Evaluator::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const SteadyTime started = clock_.steady_now();
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
    wait(started, stop);
  }
}

// Until the interval is over, a group has waited long enough, or there is something new; but not at every one of many
// snapshots that come at once.
void Evaluator::wait(SteadyTime started, const std::stop_token& stop) {
  SteadyTime until = started + setup_.interval;
  if (next_message_) until = std::min(until, *next_message_);
  bell_.wait_until(until, stop);
  const SteadyTime earliest = std::min(until, started + shortest_interval);
  while (!stop.stop_requested() && clock_.steady_now() < earliest) bell_.wait_until(earliest, stop);
}

void Evaluator::step() {
  const SteadyTime now = clock_.steady_now();
  const WallTime wall_now = clock_.wall_now();
  const auto elapsed = last_ ? std::chrono::duration_cast<milliseconds>(now - *last_) : milliseconds(0);
  last_ = now;
  const bool hold = holding(now);  // before the snapshots are taken: those of the first cycle are then among them
  const Wishes& wishes = silences_.in_force(wall_now);
  const auto snapshots = snapshots_now(now);
  Evaluation evaluation = evaluate({setup_.rules, setup_.instance, snapshots, alerts_, now, wall_now, elapsed,
                                    setup_.tasks.empty() ? nullptr : &setup_.tasks});
  RoutingChanges routing = route({setup_.routing, setup_.channels, evaluation.alerts, evaluation.level_changes,
                                  routing_, wishes, now, wall_now, hold});
  commit(evaluation, routing, wall_now);
  next_message_ = routing.next;
  apply(routing, routing_);
  report(evaluation, routing, now);
  alerts_ = std::move(evaluation.alerts);
  store_.show(alerts_);
  if (!routing.notifications.empty()) committed_();
}

bool Evaluator::holding(SteadyTime now) {
  if (!held_) return false;
  const bool done = !setup_.first_cycle_done || setup_.first_cycle_done();
  held_ = !done && now - started_ < longest_hold;
  return held_;
}

std::vector<SnapshotPtr> Evaluator::snapshots_now(SteadyTime now) {
  std::vector<SnapshotPtr> result = snapshots_.all();
  if (!setup_.own_families) return result;
  Snapshot own;
  own.task = own_task;
  own.run = ++own_runs_;
  own.taken_at = now;
  own.taken_at_wall = clock_.wall_now();
  own.valid_for = 3 * setup_.interval;
  own.families = setup_.own_families();
  result.push_back(std::make_shared<const Snapshot>(std::move(own)));
  return result;
}

// There is no moment at which an alert fires and nobody is owed a message, or the other way round.
void Evaluator::commit(const Evaluation& evaluation, const RoutingChanges& routing, WallTime now) {
  if (evaluation.changes.empty() && evaluation.level_changes.empty() && routing.empty()) return;
  store_.store().transaction([&](LocalStore::Transaction& transaction) {
    AlertStore::append(transaction, evaluation.changes);
    AlertHistory::append(transaction, evaluation.level_changes, now);
    for (const LevelChange& change : evaluation.level_changes) {
      if (!change.after) SilenceStore::forget_alert(transaction, change.alert);
    }
    RoutingStore::append(transaction, routing);
    for (const Notification& message : routing.notifications) Outbox::append(transaction, message);
  });
}

void Evaluator::report(const Evaluation& evaluation, const RoutingChanges& routing, SteadyTime started) {
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
  status_.took = clock_.steady_now() - started;
  status_.total += status_.took;
  status_.incidents = routing_.incidents.size();
  status_.held = held_;
  count(routing.notifications, status_);
}

Evaluator::Status Evaluator::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace pgvigil
