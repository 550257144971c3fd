#include "alerts/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "alerts/alert_update.h"
#include "alerts/promql/evaluate.h"
#include "alerts/rule_samples.h"

namespace pgvigil {

namespace {

using AlertIds = std::vector<std::string>;

const std::vector<std::string> no_labels;

// What all rules of one evaluation look at.
struct View {
  const EvaluationInput& input;
  RuleSamples samples;
  promql::Moment moment;
  promql::Workspace workspace;

  explicit View(const EvaluationInput& from)
      : input(from), samples(from.snapshots, from.history, from.now, axis(from)), moment{axis(from), wall(from)} {}

 private:
  static std::int64_t wall(const EvaluationInput& input) {
    return std::chrono::duration_cast<milliseconds>(input.wall_now.time_since_epoch()).count();
  }
  static std::int64_t axis(const EvaluationInput& input) {
    return input.history == nullptr ? wall(input) : input.history->axis(input.now);
  }
};

// One rule over all it looks at.
class RuleEvaluation {
 public:
  RuleEvaluation(View& view, Evaluation& result, const Rule& rule, AlertIds open)
      : view_(view),
        result_(result),
        update_(view.input, result),
        rule_(rule),
        open_(std::move(open)),
        nameless_(promql::Projection::without(view.workspace, no_labels)),
        source_(slowest_source()) {}

  void run(RuleReport& report) {
    const promql::Vector found = subjects();
    report.subjects = found.elements.size();
    index_open();
    for (const promql::Element& element : found.elements) look_at(element);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (!seen_[i]) look_for_missing(result_.alerts.at(open_[i]), found.complete);
    }
    if (nobody_reports() && rule_.policy.no_data == NoData::fire) look_at_nothing();
    report.left_out = left_out_;
  }

 private:
  promql::Vector subjects() {
    promql::Value value = promql::evaluate(rule_.expression.root(), view_.samples, view_.moment, view_.workspace);
    if (auto* const vector = std::get_if<promql::Vector>(&value)) return std::move(*vector);
    const auto& number = std::get<promql::Scalar>(value);
    const auto certainty = number.known ? promql::Certainty::known : promql::Certainty::value_unknown;
    return {{{view_.workspace.add("", {}), number.value, certainty}}, true};
  }

  void index_open() {
    seen_.assign(open_.size(), false);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      open_by_labels_.insert(view_.workspace.add("", result_.alerts.at(open_[i]).subject), i);
    }
  }

  void look_at(const promql::Element& element) {
    const Observation seen = rule_.observe(element);
    const std::size_t open = open_.empty() ? promql::LabelIndex::none : open_by_labels_.find(nameless_(element.labels));
    if (open != promql::LabelIndex::none) {
      look_at_open(open, seen, element);
    } else if (may_begin(seen)) {
      begin(element.labels.labels(), seen, element.value);
    }
  }

  // Most subjects are fine and have no alert: they end here.
  static bool may_begin(const Observation& seen) {
    return std::any_of(seen.levels.begin(), seen.levels.end(),
                       [](const Observation::Condition& level) { return level.enters == Truth::yes; });
  }

  void look_at_open(std::size_t open, const Observation& seen, const promql::Element& element) {
    seen_[open] = true;
    Alert alert = result_.alerts.at(open_[open]);
    if (source_ != nullptr) alert.task = source_->task;
    const bool known = element.certainty == promql::Certainty::known;
    update_.apply(std::move(alert), &rule_, seen, known ? std::optional<double>(element.value) : std::nullopt);
  }

  void begin(const Labels& subject, const Observation& seen, std::optional<double> value) {
    if (open_.size() + begun_ >= max_alerts_per_rule) {
      ++left_out_;
      return;
    }
    ++begun_;
    Alert alert;
    alert.id = alert_id(rule_.id, subject);
    alert.rule = rule_.id;
    alert.subject = subject;
    alert.instance = view_.input.instance;
    if (source_ != nullptr) alert.task = source_->task;
    update_.apply(std::move(alert), &rule_, seen, value);
  }

  // Its subject is not in the result: because it is gone, because the condition does not hold for it, or because
  // nobody can tell.
  void look_for_missing(const Alert& alert, bool complete) {
    const bool can_tell = complete && source_ != nullptr && (alert.task.empty() || reports(alert.task));
    Observation seen = rule_.observe(can_tell ? Truth::no : Truth::unknown);
    if (can_tell && !rule_.condition) seen.absent_in = source_->run;
    const auto* const tasks = view_.input.tasks;
    seen.source_removed = tasks != nullptr && !alert.task.empty() && !tasks->contains(alert.task);
    update_.apply(alert, &rule_, seen, std::nullopt);
  }

  // The snapshot to wait for when all that the expression reads shall have been read anew; null when none is current.
  const Snapshot* slowest_source() const {
    const Snapshot* slowest = nullptr;
    for (const std::string& metric : rule_.expression.metrics()) {
      for (const RuleSamples::Source& source : view_.samples.sources(metric)) {
        if (!source.current) continue;
        if (slowest == nullptr || source.snapshot->valid_for > slowest->valid_for) slowest = source.snapshot;
      }
    }
    return slowest;
  }

  bool reports(const std::string& task) const {
    const auto& metrics = rule_.expression.metrics();
    return std::any_of(metrics.begin(), metrics.end(), [&](const std::string& metric) {
      const auto& sources = view_.samples.sources(metric);
      return std::any_of(sources.begin(), sources.end(), [&](const RuleSamples::Source& source) {
        return source.current && source.snapshot->task == task;
      });
    });
  }

  bool nobody_reports() const {
    const auto& metrics = rule_.expression.metrics();
    return std::any_of(metrics.begin(), metrics.end(), [&](const std::string& metric) {
      const auto& sources = view_.samples.sources(metric);
      return std::none_of(sources.begin(), sources.end(), [](const auto& source) { return source.current; });
    });
  }

  // There is no series to take labels from, so the rule's own matchers name the subject.
  void look_at_nothing() {
    const Labels subject = rule_.expression.fixed_labels();
    if (!result_.alerts.contains(alert_id(rule_.id, subject))) begin(subject, Observation{}, std::nullopt);
  }

  View& view_;
  Evaluation& result_;
  AlertUpdate update_;
  const Rule& rule_;
  AlertIds open_;
  std::vector<bool> seen_;  // which of open_
  promql::LabelIndex open_by_labels_;
  promql::Projection nameless_;
  const Snapshot* source_;
  std::size_t begun_ = 0;
  std::size_t left_out_ = 0;
};

void evaluate_rule(View& view, Evaluation& result, const Rule& rule, AlertIds open) {
  const auto began = std::chrono::steady_clock::now();
  RuleReport report;
  report.rule = rule.id;
  try {
    RuleEvaluation(view, result, rule, std::move(open)).run(report);
    if (report.left_out > 0) {
      result.problems.push_back(fmt::format("rule {}: follows {} subjects, {} more are left out", rule.id,
                                            max_alerts_per_rule, report.left_out));
    }
  } catch (const std::exception& error) {
    report.problem = error.what();
    result.problems.push_back(fmt::format("rule {}: {}", rule.id, error.what()));
  }
  report.took = std::chrono::steady_clock::now() - began;
  result.rules.push_back(std::move(report));
}

}  // namespace

Evaluation evaluate(const EvaluationInput& input) {
  Evaluation result;
  result.alerts = input.alerts;
  std::map<std::string, AlertIds> open;
  for (const auto& [id, alert] : input.alerts) open[alert.rule].push_back(id);
  View view(input);
  for (const Rule& rule : input.rules) {
    auto mine = open.extract(rule.id);
    evaluate_rule(view, result, rule, mine.empty() ? AlertIds() : std::move(mine.mapped()));
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
