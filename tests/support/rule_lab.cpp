#include "tests/support/rule_lab.h"

#include <fmt/format.h>

#include <stdexcept>

#include "collectors/backup/backup_tasks.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Longer than any step of pass(): what was reported counts until it is reported again.
constexpr milliseconds valid_for = std::chrono::minutes(30);
// Supported versions are then supported, whenever the test runs.
constexpr WallTime beginning{std::chrono::sys_days(std::chrono::year(2025) / 6 / 1)};

PgOptions target(const PgCluster& cluster, std::string_view role) {
  PgOptions options;
  options.conninfo = cluster.conninfo("postgres", role);
  return options;
}

CollectorOptions everything_at_once() {
  CollectorOptions options;
  options.preset = "full";
  for (const std::string& name : collector_names(options)) options.intervals[name] = seconds(1);
  return options;
}

Evaluator::Setup setup(const std::string& alerts) {
  Problems problems;
  auto root = Section::parse("alerts: " + alerts, "lab.yaml", problems);
  const AlertOptions options = decode_alerts(root.value());
  if (!problems.empty()) throw std::runtime_error(join(problems.lines(), "\n"));
  return options.evaluator_setup();
}

class Reports final : public PartSink {
 public:
  explicit Reports(std::map<std::string, std::vector<Family>>& reports) : reports_(reports) {}
  void part_ended(const TaskInfo& part, RunResult result) override {
    if (result.failed.empty() && result.skipped.empty()) reports_[part.name] = std::move(result.families);
  }

 private:
  std::map<std::string, std::vector<Family>>& reports_;
};

}  // namespace

RuleLab::RuleLab(const PgCluster& cluster, const std::string& alerts, std::string_view role)
    : store_(folder_ / "state.sqlite"),
      connections_(target(cluster, role), 2, clock_),
      tasks_(make_collectors(everything_at_once(), target(cluster, role), store_, clock_)),
      backup_tasks_(make_backup_tasks({}, target(cluster, role), store_, folder_.path(), clock_)),
      rehearsal_(setup(alerts), clock_.steady_now(), beginning) {}

void RuleLab::run(Task& task) {
  // The servers' clock is the real one.
  clock_.set_wall(SystemClock().wall_now());
  RunContext context{connections_, clock_, clock_.steady_now() + task.info().timeout, {}, {}};
  Reports parts(reports_);
  context.parts = &parts;
  try {
    std::vector<Family> families = task.run(context);
    if (context.skipped.empty()) reports_[task.info().name] = std::move(families);
  } catch (const Error&) {
    return;  // as in the agent: what it reported last stays until it is too old
  }
}

void RuleLab::collect() {
  for (const TaskPtr& task : tasks_) run(*task);
  for (const TaskPtr& task : backup_tasks_) run(*task);
  pass(seconds(30));
}

void RuleLab::pass(milliseconds time, milliseconds step) {
  for (milliseconds passed{0}; passed < time; passed += step) {
    clock_.advance(step);
    look();
  }
}

void RuleLab::look() {
  ++runs_;
  std::vector<SnapshotPtr> snapshots;
  const SteadyTime now = clock_.steady_now();
  const WallTime wall = beginning + std::chrono::duration_cast<WallTime::duration>(now - FakeClock().steady_now());
  for (const auto& [task, families] : reports_) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->task = task;
    snapshot->run = runs_;
    snapshot->taken_at = now;
    snapshot->taken_at_wall = wall;
    snapshot->valid_for = valid_for;
    snapshot->families = families;
    snapshots.push_back(std::move(snapshot));
  }
  rehearsal_.look(snapshots, now, wall);
}

std::set<std::string> RuleLab::firing() const {
  std::set<std::string> rules;
  for (const auto& [id, alert] : rehearsal_.alerts()) {
    if (alert.state.firing()) rules.insert(alert.rule);
  }
  return rules;
}

std::string RuleLab::summaries() const {
  std::string text;
  for (const auto& [id, alert] : rehearsal_.alerts()) {
    if (alert.state.firing()) text += fmt::format("{}: {}\n", alert.rule, alert.announcement.summary);
  }
  return text;
}

}  // namespace pgvigil
