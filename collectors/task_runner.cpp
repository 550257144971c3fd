#include "collectors/task_runner.h"

#include <algorithm>
#include <utility>

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

TaskRunner::TaskRunner(Task& task, ConnectionPool& connections, const Clock& clock, TaskObserver& observer,
                       Publish publish, const PauseSwitch* pause)
    : task_(task),
      connections_(connections),
      clock_(clock),
      observer_(observer),
      publish_(std::move(publish)),
      pause_(pause) {}

std::string TaskRunner::pause_reason() const {
  const TaskInfo& info = task_.info();
  if (pause_ == nullptr || info.spares_server || info.kind == TaskKind::job || !pause_->paused()) return {};
  return "paused: " + pause_->reason();
}

void TaskRunner::run(const std::stop_token& stop) {
  started_ = {clock_.steady_now(), clock_.wall_now()};
  RunContext context{connections_, clock_, started_.steady + task_.info().timeout, stop, {}};
  context.parts = this;
  context.skipped = pause_reason();
  observer_.run_started(task_.info());
  RunResult result;
  try {
    if (context.skipped.empty()) result.families = task_.run(context);
  } catch (const std::exception& error) {
    if (stop.stop_requested()) return;  // we asked for it: no failure of the task
    result.failed = error.what();
    if (result.failed.empty()) result.failed = "failed";
  }
  result.skipped = context.skipped;
  result.busy = context.busy;
  result.dropped_series = context.dropped_series;
  const auto* interval = std::get_if<Interval>(&task_.info().schedule);
  if (interval != nullptr && task_.info().kind == TaskKind::collector) pace_.ran(result.busy, interval->period);
  result.slowdown = pace_.factor();
  end(task_.info(), std::move(result));
}

void TaskRunner::part_ended(const TaskInfo& part, RunResult result) {
  observer_.run_started(part);
  end(part, std::move(result));
}

void TaskRunner::end(const TaskInfo& info, RunResult result) {
  RunReport report;
  report.outcome = outcome_of(result);
  report.reason = result.failed.empty() ? result.skipped : result.failed;
  report.busy = result.busy;
  report.dropped_series = result.dropped_series;
  report.slowdown = result.slowdown;
  for (const Family& family : result.families) report.series += known_series(family);
  // Data of a skipped run would say that all subjects are gone, while it is only not known what they do.
  if (report.outcome == Outcome::success) publish(info, result);
  report.duration = clock_.steady_now() - started_.steady;
  report.ended_at = clock_.wall_now();
  log_end(info, report);
  observer_.run_ended(info, report);
}

void TaskRunner::publish(const TaskInfo& info, RunResult& result) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->task = info.name;
  snapshot->run = ++published_[info.name].runs;
  snapshot->taken_at = started_.steady;
  snapshot->taken_at_wall = started_.wall;
  snapshot->valid_for = validity(info.schedule, result.slowdown);
  snapshot->families = std::move(result.families);
  publish_(std::move(snapshot));
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
