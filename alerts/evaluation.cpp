#include "alerts/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <span>
#include <unordered_map>

#include "alerts/alert_update.h"

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
