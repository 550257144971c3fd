#include "alerts/alert_update.h"

#include <string>
#include <utility>

namespace pgvigil {

namespace {

std::optional<double> seen_value(Reason reason, std::optional<double> value) {
  return reason == Reason::no_data ? std::nullopt : value;
}

}  // namespace

void AlertUpdate::apply(Alert alert, const Rule* rule, const Observation& seen, std::optional<double> value) {
  const Alert before = alert;
  const auto level_before = alert.state.firing();
  const bool was_open = level_before || alert.state.pending();
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
  keep(before, std::move(alert), was_open);
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

void AlertUpdate::keep(const Alert& before, Alert alert, bool was_open) {
  const bool open = alert.state.firing() || alert.state.pending();
  if (!open) {
    if (!was_open) return;
    result_.changes.removed.push_back(alert.id);
    result_.alerts.erase(alert.id);
    return;
  }
  const bool changed = !(before.state == alert.state) || before.flapping != alert.flapping ||
                       before.task != alert.task || !(before.announcement == alert.announcement) || !was_open;
  if (changed) result_.changes.saved.push_back(alert);
  result_.alerts.insert_or_assign(alert.id, std::move(alert));
}

}  // namespace pgvigil
