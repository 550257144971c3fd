#include "alerts/alert_update.h"

#include <string>
#include <utility>

namespace pgvigil {

namespace {

std::optional<double> seen_value(Reason reason, std::optional<double> value) {
  return reason == Reason::no_data ? std::nullopt : value;
}

}  // namespace

void AlertUpdate::apply(Alert alert, const Rule* rule, Observation seen, std::optional<double> value) {
  const Alert before = alert;
  const auto level_before = alert.state.firing();
  const bool was_open = level_before || alert.state.pending();
  seen.acknowledged = input_.acknowledged != nullptr && input_.acknowledged->contains(alert.id);
  const Step step = advance(alert.state, rule == nullptr ? LifecyclePolicy{} : rule->policy, seen, input_.elapsed);
  alert.state = step.next;
  if (value) alert.value = value;
  const auto level = alert.state.firing();
  if (!was_open || (level && !level_before)) alert.since = input_.wall_now;
  if (level && level != level_before) announce(alert, *rule, *level, seen_value(step.reason, value));
  if (level != level_before) {
    alert.reason = step.reason;
    result_.level_changes.push_back({alert.id, alert.rule, alert.announcement.subject, level_before, level, step.reason,
                                     seen_value(step.reason, value), alert.announcement.summary});
  }
  keep(before, std::move(alert));
}

void AlertUpdate::announce(Alert& alert, const Rule& rule, Level level, std::optional<double> value) const {
  const auto& threshold = rule.thresholds[index_of(level)];
  alert.threshold = threshold ? std::optional<double>(threshold->bound) : std::nullopt;
  TemplateValues values{describe_subject(alert.subject, alert.instance),
                        alert.instance,
                        level,
                        value,
                        threshold ? threshold->bound : 0,
                        alert.subject};
  values.labels.insert(rule.labels.begin(), rule.labels.end());
  alert.announcement = {values.subject, values.labels, rule.summary.render(values), rule.description.render(values),
                        rule.runbook};
}

void AlertUpdate::keep(const Alert& before, Alert alert) {
  const bool is_new = before.state.settled();
  if (alert.state.settled()) {
    if (is_new) return;
    result_.changes.removed.push_back(alert.id);
    result_.alerts.erase(alert.id);
    return;
  }
  const bool changed = is_new || worth_saving(before.state, alert.state) || before.task != alert.task ||
                       !(before.announcement == alert.announcement);
  if (changed) result_.changes.saved.push_back(alert);
  result_.alerts.insert_or_assign(alert.id, std::move(alert));
}

}  // namespace pgvigil
