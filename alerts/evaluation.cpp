#include "alerts/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <span>
#include <unordered_map>

namespace pgvigil {

namespace {

using AlertIds = std::vector<std::string>;

// What identifies a series within its family, cheap enough to be made for every series of a big family.
std::string series_key(std::span<const std::string> label_values) {
  std::string key;
  for (const std::string& value : label_values) {
    key += value;
    key += '\0';
  }
  return key;
}

// The alerts of `ids` by the series_key that they have in `family`.
std::unordered_map<std::string, std::string> by_series(const AlertIds& ids, const Alerts& alerts,
                                                       const Family& family) {
  std::unordered_map<std::string, std::string> result;
  for (const std::string& id : ids) {
    const Labels& subject = alerts.at(id).subject;
    std::vector<std::string> values;
    std::size_t found = 0;
    for (const std::string& name : family.label_names) {
      const auto label = subject.find(name);
      if (label != subject.end()) ++found;
      values.push_back(label == subject.end() ? std::string() : label->second);
    }
    if (found == subject.size()) result.emplace(series_key(values), id);
  }
  return result;
}

// Takes what was seen of one alert into the result: its next state, what changed, and the messages.
class AlertUpdate {
 public:
  AlertUpdate(const EvaluationInput& input, Evaluation& result) : input_(input), result_(result) {}

  // `rule` is null when it was removed. `alert` is a new one or one of result.alerts.
  void apply(Alert alert, const Rule* rule, const Observation& seen, std::optional<double> value) {
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

 private:
  static std::optional<double> seen_value(Reason reason, std::optional<double> value) {
    return reason == Reason::no_data ? std::nullopt : value;
  }

  void announce(Alert& alert, const Rule& rule, Level level, std::optional<double> value) const {
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

  void notify(Alert& alert, Reason reason, std::optional<double> value) {
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

  void tell(Alert& alert, const ChannelPolicy& channel, std::optional<Level> wanted, Reason reason,
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

  void keep(const Alert& before, Alert alert, bool was_open) {
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

  const EvaluationInput& input_;
  Evaluation& result_;
};

// One rule over all snapshots.
class RuleEvaluation {
 public:
  RuleEvaluation(const EvaluationInput& input, Evaluation& result, const Rule& rule, AlertIds open)
      : input_(input), result_(result), update_(input, result), rule_(rule), open_(std::move(open)) {}

  void run() {
    bool known = false;
    for (const SnapshotPtr& snapshot : input_.snapshots) {
      if (!snapshot->current(input_.now)) continue;
      for (const Family& family : snapshot->families) {
        if (family.name != rule_.selector.metric) continue;
        known = true;
        look_at(*snapshot, family);
      }
    }
    for (const std::string& id : open_) {
      if (!seen_.contains(id)) look_for_missing(result_.alerts.at(id));
    }
    if (!known && rule_.policy.no_data == NoData::fire) look_at_nothing();
    if (refused_ > 0) {
      result_.problems.push_back(
          fmt::format("rule {}: follows {} subjects, {} more are left out", rule_.id, max_alerts_per_rule, refused_));
    }
  }

 private:
  void look_at(const Snapshot& snapshot, const Family& family) {
    const auto open = by_series(open_, result_.alerts, family);
    for (const SeriesView sample : family.samples) {
      if (!rule_.selector.accepts(family, sample)) continue;
      const Observation seen = rule_.observe(sample.value);
      const auto known = open.empty() ? open.end() : open.find(series_key(sample.label_values));
      if (known != open.end()) {
        look_at_open(known->second, snapshot.task, seen, sample.value);
      } else if (may_begin(seen)) {
        begin(snapshot.task, labels_of(family, sample), seen, sample.value);
      }
    }
  }

  // Most series are fine and have no alert: they end here.
  static bool may_begin(const Observation& seen) {
    return std::any_of(seen.levels.begin(), seen.levels.end(),
                       [](const Observation::Condition& level) { return level.enters == Truth::yes; });
  }

  void look_at_open(const std::string& id, const std::string& task, const Observation& seen, double value) {
    if (!seen_.insert(id).second) return;  // two series with the same labels: the first one counts
    Alert alert = result_.alerts.at(id);
    alert.task = task;
    update_.apply(std::move(alert), &rule_, seen, value);
  }

  void begin(const std::string& task, const Labels& subject, const Observation& seen, std::optional<double> value) {
    Alert alert;
    alert.id = alert_id(rule_.id, subject);
    if (!seen_.insert(alert.id).second) return;
    if (open_.size() + begun_ >= max_alerts_per_rule) {
      ++refused_;
      return;
    }
    ++begun_;
    alert.rule = rule_.id;
    alert.subject = subject;
    alert.instance = input_.instance;
    alert.task = task;
    update_.apply(std::move(alert), &rule_, seen, value);
  }

  // Its series is not there: because its source says so, or because the source says nothing.
  void look_for_missing(const Alert& alert) {
    Observation seen;
    const SnapshotPtr source = source_of(alert);
    if (source) seen.absent_in = source->run;
    seen.source_removed = input_.tasks != nullptr && !alert.task.empty() && !input_.tasks->contains(alert.task);
    update_.apply(alert, &rule_, seen, std::nullopt);
  }

  // The current snapshot that would report the alert's subject; null when there is none.
  SnapshotPtr source_of(const Alert& alert) const {
    const auto reports = [&](const SnapshotPtr& snapshot) {
      if (!snapshot->current(input_.now)) return false;
      if (!alert.task.empty()) return snapshot->task == alert.task;
      const auto same_name = [&](const Family& family) { return family.name == rule_.selector.metric; };
      return std::any_of(snapshot->families.begin(), snapshot->families.end(), same_name);
    };
    const auto found = std::find_if(input_.snapshots.begin(), input_.snapshots.end(), reports);
    return found == input_.snapshots.end() ? nullptr : *found;
  }

  // No source reports the metric at all: there is no series to take labels from, so the rule's own matchers name the
  // subject.
  void look_at_nothing() {
    const Labels subject = rule_.selector.fixed_labels();
    if (!result_.alerts.contains(alert_id(rule_.id, subject))) begin("", subject, Observation{}, std::nullopt);
  }

  const EvaluationInput& input_;
  Evaluation& result_;
  AlertUpdate update_;
  const Rule& rule_;
  AlertIds open_;
  std::set<std::string> seen_;
  std::size_t begun_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace

Evaluation evaluate(const EvaluationInput& input) {
  Evaluation result;
  result.alerts = input.alerts;
  std::map<std::string, AlertIds> open;
  for (const auto& [id, alert] : input.alerts) open[alert.rule].push_back(id);
  for (const Rule& rule : input.rules) {
    const auto mine = open.extract(rule.id);
    try {
      RuleEvaluation(input, result, rule, mine.empty() ? AlertIds() : mine.mapped()).run();
    } catch (const std::exception& error) {
      result.problems.push_back(fmt::format("rule {}: {}", rule.id, error.what()));
    }
  }
  Observation removed;
  removed.rule_removed = true;
  for (const auto& entry : open) {
    for (const std::string& id : entry.second) {
      AlertUpdate(input, result).apply(result.alerts.at(id), nullptr, removed, std::nullopt);
    }
  }
  return result;
}

}  // namespace pgvigil
