#include "collectors/task_runner.h"

#include <algorithm>
#include <utility>

#include "collectors/family_merge.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Data stays current for three intervals, so that one slow run leaves no gap; what a calendar job reported, until it
// runs again.
milliseconds validity(const Schedule& schedule, int slowdown) {
  const auto* interval = std::get_if<Interval>(&schedule);
  if (interval == nullptr) return std::chrono::hours(24 * 366);
  return std::max<milliseconds>(3 * slowdown * interval->period, seconds(60));
}

Outcome outcome_of(const RunResult& result) {
  if (!result.failed.empty()) return Outcome::failed;
  return result.skipped.empty() ? Outcome::success : Outcome::skipped;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::success: return "success";
    case Outcome::skipped: return "skipped";
    case Outcome::failed: return "failed";
  }
  return "unknown";
}

TaskRunner::TaskRunner(Task& task, RunSurroundings around) : task_(task), around_(std::move(around)) {}

std::string TaskRunner::pause_reason() const {
  const TaskInfo& info = task_.info();
  if (around_.pause == nullptr || info.vital || info.kind == TaskKind::job || !around_.pause->paused()) return {};
  return std::string(paused_mark) + around_.pause->reason();
}

bool TaskRunner::takes_long() const {
  constexpr auto long_limit = seconds(12);
  constexpr auto long_run = seconds(1);
  return task_.info().timeout > long_limit || took_ > long_run;
}

void TaskRunner::run(const std::stop_token& stop) {
  started_ = {around_.clock.steady_now(), around_.clock.wall_now()};
  RunContext context{around_.connections, around_.clock, started_.steady + task_.info().timeout, stop, {}};
  context.parts = this;
  context.skipped = pause_reason();
  around_.observer.run_started(task_.info());
  RunResult result;
  try {
    if (context.skipped.empty()) result.families = task_.run(context);
  } catch (const std::exception& error) {
    if (stop.stop_requested()) return;  // we asked for it: no failure of the task
    result.failed = error.what();
    if (result.failed.empty()) result.failed = "failed";
  }
  took_ = around_.clock.steady_now() - started_.steady;
  around_.connections.leave_other_databases();
  result.skipped = context.skipped;
  result.busy = context.busy;
  result.dropped_series = context.dropped_series;
  const auto* interval = std::get_if<Interval>(&task_.info().schedule);
  if (interval != nullptr && task_.info().kind == TaskKind::collector) pace_.ran(result.busy, interval->period);
  result.slowdown = pace_.factor();
  end(task_.info(), std::move(result));
}

void TaskRunner::part_ended(const TaskInfo& part, RunResult result) {
  around_.observer.run_started(part);
  end(part, std::move(result));
}

void TaskRunner::end(const TaskInfo& info, RunResult result) {
  fit_budget(info, result);
  RunReport report;
  report.outcome = outcome_of(result);
  report.reason = result.failed.empty() ? result.skipped : result.failed;
  report.busy = result.busy;
  report.dropped_series = result.dropped_series;
  report.slowdown = result.slowdown;
  for (const Family& family : result.families) report.series += known_series(family);
  // Data of a skipped run would say that all subjects are gone, while it is only not known what they do.
  if (report.outcome == Outcome::success) publish(info, result);
  report.duration = around_.clock.steady_now() - started_.steady;
  report.ended_at = around_.clock.wall_now();
  log_end(info, report);
  around_.observer.run_ended(info, report);
}

void TaskRunner::fit_budget(const TaskInfo& info, RunResult& result) const {
  if (around_.budget == nullptr || outcome_of(result) == Outcome::failed) return;  // what it has stays for a while
  std::size_t wanted = 0;
  for (const Family& family : result.families) wanted += family.samples.size();
  result.dropped_series += limit_series(result.families, around_.budget->allow(info.name, wanted));
}

void TaskRunner::publish(const TaskInfo& info, RunResult& result) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->task = info.name;
  snapshot->run = ++published_[info.name].runs;
  snapshot->taken_at = started_.steady;
  snapshot->taken_at_wall = started_.wall;
  snapshot->valid_for = validity(info.schedule, result.slowdown);
  snapshot->complete = result.dropped_series == 0;
  snapshot->families = std::move(result.families);
  around_.publish(std::move(snapshot));
}

void TaskRunner::log_end(const TaskInfo& info, const RunReport& report) {
  const bool news = std::exchange(published_[info.name].last_reason, report.reason) != report.reason;
  const std::string took = format_duration(std::chrono::duration_cast<milliseconds>(report.duration));
  if (report.outcome == Outcome::failed) {
    if (news || info.kind == TaskKind::job) log::warn("{} failed after {}: {}", info.name, took, report.reason);
  } else if (report.outcome == Outcome::skipped) {
    if (news) log::info("{} skipped: {}", info.name, report.reason);
  } else if (info.kind == TaskKind::job) {
    log::info("{} done in {}", info.name, took);
  } else if (news) {
    log::info("{} works again", info.name);
  }
}

}  // namespace pgvigil
