// What looking at the rules costs: script/bench alerts. Prints a table, and writes JSON when --json names a file. No
// assertions: these are measurements.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "alerts/evaluation.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "tests/bench/alerts/delivery_bench.h"
#include "tests/bench/meters.h"

namespace pgvigil::bench {
namespace {

constexpr int looks = 15;
constexpr std::size_t instances = 10'000;

Rule make_rule(const std::string& id, const std::string& members) {
  Problems problems;
  auto section = Section::parse("id: " + id + "\nsummary: s\n" + members, "bench.yaml", problems);
  auto rule = section ? decode_rule(*section) : std::nullopt;
  if (!rule || !problems.empty()) throw std::runtime_error(join(problems.lines(), "\n"));
  return *rule;
}

// A family as a query over tables gives it: three labels of usual lengths, rows shared with other families.
std::shared_ptr<const LabelRows> make_rows(std::size_t count) {
  auto rows = std::make_shared<LabelRows>(3);
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<std::string> row{fmt::format("database_{}", i % 20), "public", fmt::format("a_table_name_{}", i)};
    rows->add(row);
  }
  return rows;
}

Family make_family(const std::string& name, const std::shared_ptr<const LabelRows>& rows, double first) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows->size(); ++i) values.push_back(first + static_cast<double>(i % 50));
  return {name, "", MetricType::gauge, {"datname", "schemaname", "relname"}, {rows, std::move(values)}};
}

SnapshotPtr make_snapshot(std::size_t series, std::uint64_t run, SteadyTime at) {
  const auto rows = make_rows(series);
  Snapshot snapshot;
  snapshot.task = "tables";
  snapshot.run = run;
  snapshot.taken_at = at;
  snapshot.valid_for = seconds(60);
  for (const auto* name : {"a", "b", "c"}) {
    snapshot.families.push_back(make_family(name, rows, static_cast<double>(run)));
  }
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

struct Case {
  std::string name;
  std::vector<Rule> rules;
  std::size_t series = 0;
  bool windows = false;
};

std::vector<Rule> rules(std::size_t count, const std::string& members) {
  std::vector<Rule> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(make_rule(fmt::format("rule-{}", i), members));
  return result;
}

std::vector<Case> cases() {
  const std::string above = "\nwarning: { above: 1e9 }";
  return {
      {"1 rule, a > threshold", rules(1, "expr: a" + above), instances},
      {"100 rules, a > threshold", rules(100, "expr: a" + above), instances / 100},
      {"100 rules, a condition", rules(100, "expr: a > 1e9\nlevel: warning"), instances / 100},
      {"100 rules, with a regular expression", rules(100, "expr: 'a{datname!~\"template[0-9]+\"}'" + above),
       instances / 100},
      {"100 rules, 100 * a / (a + b)", rules(100, "expr: 100 * a / (a + b)" + above), instances / 100},
      {"100 rules, a > 1e9 and b > 5", rules(100, "expr: a > 1e9 and b > 5\nlevel: warning"), instances / 100},
      {"100 rules, sum by (datname) (a)", rules(100, "expr: sum by (datname) (a)" + above), instances / 100},
      {"100 rules, rate(a[5m])", rules(100, "expr: rate(a[5m])" + above), instances / 100, true},
      {"100 rules, predict_linear(a[1h], 3600)", rules(100, "expr: predict_linear(a[1h], 3600)" + above),
       instances / 100, true},
  };
}

// The fastest of several looks.
double milliseconds_of_a_look(const Case& one) {
  std::vector<promql::Expression> expressions;
  for (const Rule& rule : one.rules) expressions.push_back(rule.expression);
  SteadyTime now{std::chrono::hours(1000)};
  History history(expressions, now, WallTime());
  std::vector<SnapshotPtr> snapshots{make_snapshot(one.series, 1, now)};
  for (std::uint64_t run = 2; one.windows && run < 360; ++run) {
    now += seconds(10);
    snapshots = {make_snapshot(one.series, run, now)};
    history.observe(snapshots, now);
  }
  const std::string instance = "bench";
  const Alerts alerts;
  double best = 1e9;
  for (int look = 0; look < looks; ++look) {
    const auto began = std::chrono::steady_clock::now();
    const Evaluation evaluation =
        evaluate({one.rules, instance, snapshots, alerts, now, WallTime(), milliseconds(0), nullptr, &history});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (!evaluation.problems.empty()) throw std::runtime_error(evaluation.problems.front());
    best = std::min(best, took.count());
  }
  return best;
}

void add(Json::Array& figures, const std::string& name, double value, const std::string& unit) {
  fmt::print("  {:<58} {:>12.2f} {}\n", name, value, unit);
  std::fflush(stdout);
  figures.emplace_back(Json::Object{{"name", name}, {"value", value}, {"unit", unit}});
}

void measure_delivery(Json::Array& figures) {
  log::configure(log::Level::error, log::Format::text);
  fmt::print("from the sample to the receiver\n");
  const std::vector<double> times = sample_to_receiver(20);
  add(figures, "sample that crosses a threshold to receiver, median", quantile(times, 0.5), "ms");
  add(figures, "the same, the slowest of ten", quantile(times, 1), "ms");
  constexpr int alerts = 1000;
  fmt::print("{} alerts at once\n", alerts);
  const Storm all = storm(alerts);
  add(figures, "messages to Slack", all.slack, "");
  add(figures, "messages to PagerDuty", all.pagerduty, "");
  add(figures, "messages to a webhook", all.webhook, "");
  add(figures, "until every channel had one", all.milliseconds, "ms");
  add(figures, "messages that are still owed", static_cast<double>(all.owed), "");
  add(figures, "growth of RSS", all.megabytes, "MB");
}

int run(const std::vector<std::string>& arguments) {
  Json::Array figures;
  fmt::print("{} rule instances, the fastest of {} looks\n", instances, looks);
  for (const Case& one : cases()) add(figures, one.name, milliseconds_of_a_look(one), "ms");
  measure_delivery(figures);
  if (arguments.size() == 2 && arguments[0] == "--json") std::ofstream(arguments[1]) << Json(figures).dump(2) << '\n';
  return 0;
}

}  // namespace
}  // namespace pgvigil::bench

int main(int argc, char** argv) {
  return pgvigil::bench::run({argv + 1, argv + argc});
}
