#include "alerts/alert_update.h"

#include <set>
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
    result_.level_changes.push_back({alert.rule, alert.announcement.subject, level_before, level, step.reason});
  }
  notify(alert, step.reason, value);
  keep(before, std::move(alert), was_open);
}

void AlertUpdate::announce(Alert& alert, const Rule& rule, Level level, std::optional<double> value) const {
  const auto& threshold = rule.thresholds[index_of(level)];
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

void AlertUpdate::notify(Alert& alert, Reason reason, std::optional<double> value) {
  const auto level = alert.state.firing();
  std::set<std::string> configured;
  for (const ChannelPolicy& channel : input_.channels) {
    configured.insert(channel.name);
    const bool reaches = level && *level >= channel.min_level;
    tell(alert, channel, reaches ? level : std::nullopt, reason, value);
  }
  if (level) return;
  // A channel that is no longer configured may come back; until then its resolve waits in the outbox.
  const auto told = alert.told;
  for (const auto& entry : told) {
    if (!configured.contains(entry.first)) tell(alert, {entry.first, Level::warning, false}, {}, reason, value);
  }
}

void AlertUpdate::tell(Alert& alert, const ChannelPolicy& channel, std::optional<Level> wanted, Reason reason,
                       std::optional<double> value) {
  const auto entry = alert.told.find(channel.name);
  const auto told = entry == alert.told.end() ? std::nullopt : std::optional<Level>(entry->second);
  for (const Message& message : messages_due(told, wanted, channel.incident_per_level)) {
    result_.changes.notifications.push_back({channel.name, alert.id, alert.rule, alert.instance, message.kind,
                                             message.level, message.previous, reason, value, alert.since,
                                             input_.wall_now, alert.announcement});
  }
  if (wanted) {
    alert.told.insert_or_assign(channel.name, *wanted);
  } else {
    alert.told.erase(channel.name);
  }
}

void AlertUpdate::keep(const Alert& before, Alert alert, bool was_open) {
  const bool open = alert.state.firing() || alert.state.pending();
  if (!open) {
    if (!was_open) return;
    result_.changes.removed.push_back(alert.id);
    result_.alerts.erase(alert.id);
    return;
  }
  const bool changed = !(before.state == alert.state) || before.told != alert.told || before.task != alert.task ||
                       !(before.announcement == alert.announcement) || !was_open;
  if (changed) result_.changes.saved.push_back(alert);
  result_.alerts.insert_or_assign(alert.id, std::move(alert));
}

}  // namespace pgvigil
