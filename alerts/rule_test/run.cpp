#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "alerts/rule_samples.h"
#include "alerts/rule_test/rehearsal.h"
#include "alerts/rule_test/rule_test.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr SteadyTime machine_start{std::chrono::hours(1000)};

std::string_view to_string(RuleTest::State state) {
  if (state == RuleTest::State::firing) return "firing";
  return state == RuleTest::State::pending ? "pending" : "ok";
}

// The collectors that the input describes, a metric each.
class Collectors {
 public:
  Collectors(const RuleTest& test, const Rule& rule) : interval_(test.interval), start_(test.start) {
    for (const std::string& metric : rule.expression.metrics()) series_[metric];
    for (const RuleTest::Input& input : test.input) series_[input.metric].push_back(&input);
  }

  // What they have reported by the time of this step.
  const std::vector<SnapshotPtr>& run(std::size_t step) {
    ++runs_;
    snapshots_.clear();
    for (const auto& [metric, inputs] : series_) {
      const bool failed = std::any_of(inputs.begin(), inputs.end(), [step](const RuleTest::Input* input) {
        return at(*input, step).kind == SeriesStep::Kind::error;
      });
      if (!failed) last_[metric] = report(metric, inputs, step);
      if (last_[metric]) snapshots_.push_back(last_[metric]);
    }
    return snapshots_;
  }

 private:
  static SeriesStep at(const RuleTest::Input& input, std::size_t step) {
    if (input.steps.empty()) return {SeriesStep::Kind::missing};
    return input.steps[std::min(step, input.steps.size() - 1)];
  }

  SnapshotPtr report(const std::string& metric, const std::vector<const RuleTest::Input*>& inputs,
                     std::size_t step) const {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->task = metric;
    snapshot->run = runs_;
    snapshot->taken_at = machine_start + static_cast<std::int64_t>(step) * interval_;
    snapshot->taken_at_wall = start_ + static_cast<std::int64_t>(step) * interval_;
    snapshot->valid_for = std::max<milliseconds>(3 * interval_, seconds(60));
    Family family{metric, "", MetricType::gauge, label_names(inputs), {}};
    for (const RuleTest::Input* input : inputs) {
      const SeriesStep now = at(*input, step);
      if (now.kind != SeriesStep::Kind::value) continue;
      std::vector<std::string> values;
      for (const std::string& name : family.label_names) {
        const auto label = input->labels.find(name);
        values.push_back(label == input->labels.end() ? "" : label->second);
      }
      family.samples.push_back({std::move(values), now.value});
    }
    snapshot->families.push_back(std::move(family));
    return snapshot;
  }

  static std::vector<std::string> label_names(const std::vector<const RuleTest::Input*>& inputs) {
    std::set<std::string> names;
    for (const RuleTest::Input* input : inputs) {
      for (const auto& label : input->labels) names.insert(label.first);
    }
    return {names.begin(), names.end()};
  }

  milliseconds interval_;
  WallTime start_;
  std::map<std::string, std::vector<const RuleTest::Input*>> series_;  // by metric
  std::map<std::string, SnapshotPtr> last_;
  std::vector<SnapshotPtr> snapshots_;
  std::uint64_t runs_ = 0;
};

// One test from its first step to its last.
class TestRun {
 public:
  TestRun(const RuleTest& test, const Rule& rule, Evaluator::Setup setup)
      : test_(test), rule_(rule), collectors_(test, rule), rehearsal_(std::move(setup), machine_start, test.start) {}

  std::vector<std::string> run() {
    std::size_t step = 0;
    for (const RuleTest::Expectation& expectation : test_.expect) {
      for (; static_cast<std::int64_t>(step) * test_.interval <= expectation.at; ++step) look(step);
      if (expectation.restart) {
        rehearsal_.restart(machine_start + expectation.at, test_.start + expectation.at);
      } else {
        check(expectation);
      }
    }
    for (const RuleTest::Messages& messages : test_.messages) check(messages);
    return std::move(problems_);
  }

 private:
  void look(std::size_t step) {
    const milliseconds time = static_cast<std::int64_t>(step) * test_.interval;
    const std::vector<SnapshotPtr>& snapshots = collectors_.run(step);
    rehearsal_.look(snapshots, machine_start + time, test_.start + time);
    const RuleSamples samples(snapshots, nullptr, machine_start + time, time.count());
    stale_ = std::any_of(rule_.expression.metrics().begin(), rule_.expression.metrics().end(),
                         [&](const std::string& metric) { return !samples.known(metric); });
    if (!rehearsal_.problems().empty() && !reported_) {
      problems_.push_back(
          fmt::format("{}: at {}: {}", test_.where, format_duration(time), rehearsal_.problems().front()));
      reported_ = true;
    }
  }

  static bool is_about(const Alert& alert, const RuleTest::Expectation& expectation) {
    const auto has = [&](const auto& label) {
      const auto found = alert.subject.find(label.first);
      return found == alert.subject.end() ? label.second.empty() : found->second == label.second;
    };
    return std::all_of(expectation.labels.begin(), expectation.labels.end(), has) &&
           (!expectation.exact || alert.subject.size() == expectation.labels.size());
  }

  // The alert that the expectation speaks of: of several the most urgent.
  const Alert* alert_for(const RuleTest::Expectation& expectation) const {
    const Alert* result = nullptr;
    for (const auto& [id, alert] : rehearsal_.alerts()) {
      if (alert.rule != test_.rule || !is_about(alert, expectation) || state_of(&alert) == RuleTest::State::ok)
        continue;
      if (result == nullptr || state_of(&alert) > state_of(result)) result = &alert;
    }
    return result;
  }

  static RuleTest::State state_of(const Alert* alert) {
    if (alert == nullptr) return RuleTest::State::ok;
    if (alert->state.firing()) return RuleTest::State::firing;
    return alert->state.pending() ? RuleTest::State::pending : RuleTest::State::ok;
  }

  void check(const RuleTest::Expectation& expectation) {
    const Alert* alert = alert_for(expectation);
    const auto fail = [&](const std::string& what) {
      problems_.push_back(
          fmt::format("{}: {}: at {}: {}", expectation.where, test_.name, format_duration(expectation.at), what));
    };
    const RuleTest::State state = state_of(alert);
    if (state != expectation.state) {
      return fail(fmt::format("{} is expected, it is {}", to_string(expectation.state), to_string(state)));
    }
    if (alert == nullptr) return;
    const Level level = view_of(*alert).level;
    if (expectation.level && level != *expectation.level) {
      fail(fmt::format("{} is expected, it is {}", pgvigil::to_string(*expectation.level), pgvigil::to_string(level)));
    }
    const std::string& summary = alert->announcement.summary;
    if (expectation.summary && !std::regex_search(summary, expectation.summary->second)) {
      fail(fmt::format("the summary '{}' does not match '{}'", summary, expectation.summary->first));
    }
    for (const std::string& flag : expectation.flags) {
      if (!has_flag(*alert, flag)) fail(fmt::format("it is not {}", flag));
    }
  }

  bool has_flag(const Alert& alert, const std::string& flag) const {
    return (flag == "stale" && stale_) || (flag == "flapping" && alert.state.flapping());
  }

  void check(const RuleTest::Messages& expected) {
    std::vector<std::string> kinds;
    for (const Notification& message : rehearsal_.messages()) {
      if (message.channel == expected.channel) kinds.push_back(kind_of(message));
    }
    if (kinds == expected.kinds) return;
    problems_.push_back(fmt::format("{}: {}: {} is expected to get [{}], and gets [{}]", expected.where, test_.name,
                                    expected.channel, join(expected.kinds, ", "), join(kinds, ", ")));
  }

  static std::string kind_of(const Notification& message) {
    if (message.kind == Notification::Kind::resolve) return "resolve";
    return message.repeat ? "repeat" : "trigger";
  }

  const RuleTest& test_;
  const Rule& rule_;
  Collectors collectors_;
  Rehearsal rehearsal_;
  bool stale_ = false;
  bool reported_ = false;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> run_rule_test(const RuleTest& test, const Evaluator::Setup& setup) {
  const auto found =
      std::find_if(setup.rules.begin(), setup.rules.end(), [&](const Rule& rule) { return rule.id == test.rule; });
  if (found == setup.rules.end()) return {fmt::format("{}: there is no rule {}", test.where, test.rule)};
  Evaluator::Setup only = setup;
  only.rules = {*found};
  return TestRun(test, *found, std::move(only)).run();
}

}  // namespace pgvigil
