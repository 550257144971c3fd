#include "collectors/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr int collector_threads = 2;

// Data stays current for three intervals, so that one slow run leaves no gap; what a calendar job reported, until it
// runs again.
milliseconds validity(const Schedule& schedule) {
  const auto* interval = std::get_if<Interval>(&schedule);
  if (interval == nullptr) return std::chrono::hours(24 * 366);
  return std::max<milliseconds>(3 * interval->period, seconds(60));
}

std::size_t count_series(const std::vector<Family>& families) {
  std::size_t count = 0;
  for (const Family& family : families) {
    count += static_cast<std::size_t>(std::count_if(family.samples.begin(), family.samples.end(),
                                                    [](const Sample& sample) { return !std::isnan(sample.value); }));
  }
  return count;
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
                       Publish publish)
    : task_(task), connections_(connections), clock_(clock), observer_(observer), publish_(std::move(publish)) {}

void TaskRunner::run(const std::stop_token& stop) {
  const Moment started{clock_.steady_now(), clock_.wall_now()};
  RunContext context{connections_, clock_, started.steady + task_.info().timeout, stop, {}};
  RunReport report;
  observer_.run_started(task_.info());
  try {
    std::vector<Family> families = task_.run(context);
    report.series = count_series(families);
    report.outcome = context.skipped.empty() ? Outcome::success : Outcome::skipped;
    report.reason = context.skipped;
    // Data of a skipped run would say that all subjects are gone, while it is only not known what they do.
    if (context.skipped.empty()) publish_result(std::move(families), started);
  } catch (const std::exception& error) {
    if (stop.stop_requested()) return;  // we asked for it: no failure of the task
    report.outcome = Outcome::failed;
    report.reason = error.what();
  }
  report.duration = clock_.steady_now() - started.steady;
  report.ended_at = clock_.wall_now();
  log_end(report);
  observer_.run_ended(task_.info(), report);
}

void TaskRunner::publish_result(std::vector<Family> families, Moment started) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->task = task_.info().name;
  snapshot->run = ++runs_;
  snapshot->taken_at = started.steady;
  snapshot->taken_at_wall = started.wall;
  snapshot->valid_for = validity(task_.info().schedule);
  snapshot->families = std::move(families);
  publish_(std::move(snapshot));
}

void TaskRunner::log_end(const RunReport& report) {
  const std::string& name = task_.info().name;
  const bool news = std::exchange(last_reason_, report.reason) != report.reason;
  const std::string took = format_duration(std::chrono::duration_cast<milliseconds>(report.duration));
  if (report.outcome == Outcome::failed) {
    if (news || task_.info().kind == TaskKind::job) log::warn("{} failed after {}: {}", name, took, report.reason);
  } else if (report.outcome == Outcome::skipped) {
    if (news) log::info("{} skipped: {}", name, report.reason);
  } else if (task_.info().kind == TaskKind::job) {
    log::info("{} done in {}", name, took);
  } else if (news) {
    log::info("{} works again", name);
  }
}

// Runs wait here, in the order in which they became due, for a thread that serves the lane.
struct Scheduler::Lane {
  std::mutex mutex;  // guards waiting
  std::condition_variable_any arrived;
  std::deque<std::size_t> waiting;
};

Scheduler::Scheduler(std::vector<TaskPtr> tasks, ConnectionPool& connections, const Clock& clock,
                     TaskObserver& observer, const TaskRunner::Publish& publish)
    : tasks_(std::move(tasks)), observer_(observer), clock_(clock) {
  const Moment now{clock.steady_now(), clock.wall_now()};
  Lane& collectors = lanes_.emplace_back();
  for (const TaskPtr& task : tasks_) {
    const TaskInfo& info = task->info();
    runners_.emplace_back(*task, connections, clock, observer, publish);
    lane_of_.push_back(info.kind == TaskKind::job ? &lanes_.emplace_back() : &collectors);
    const auto first = info.kind == TaskKind::job ? Agenda::First::in_phase : Agenda::First::at_once;
    agenda_.add(info.name, info.schedule, first, now);
  }
  for (Lane& lane : lanes_) {
    const int threads = &lane == &collectors ? collector_threads : 1;
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back("task", [this, &lane](const std::stop_token& stop) { work(lane, stop); });
    }
  }
  threads_.emplace_back("scheduler", [this](const std::stop_token& stop) { plan(stop); });
}

Scheduler::~Scheduler() {
  for (Worker& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Scheduler::plan(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Moment now{clock_.steady_now(), clock_.wall_now()};
    std::vector<Agenda::Due> due;
    SteadyTime next;
    {
      const std::lock_guard lock(mutex_);
      due = agenda_.take_due(now);
      next = agenda_.next_look(now);
    }
    for (const Agenda::Due& item : due) dispatch(item);
    pause_.wait_until(next, stop);
  }
}

void Scheduler::dispatch(const Agenda::Due& due) {
  const TaskInfo& info = tasks_[due.task]->info();
  const bool held = due.start && info.kind == TaskKind::job && jobs_held_;
  if (const std::int64_t missed = due.missed + (held ? 1 : 0); missed > 0) observer_.runs_missed(info, missed);
  if (held) {
    const std::lock_guard lock(mutex_);
    agenda_.finished(due.task);
  }
  if (!due.start || held) return;
  Lane& lane = *lane_of_[due.task];
  {
    const std::lock_guard lock(lane.mutex);
    lane.waiting.push_back(due.task);
  }
  lane.arrived.notify_one();
}

void Scheduler::work(Lane& lane, const std::stop_token& stop) {
  while (true) {
    std::size_t task = 0;
    {
      std::unique_lock lock(lane.mutex);
      if (!lane.arrived.wait(lock, stop, [&lane] { return !lane.waiting.empty(); })) return;
      if (stop.stop_requested()) return;
      task = lane.waiting.front();
      lane.waiting.pop_front();
    }
    runners_[task].run(stop);
    const std::lock_guard lock(mutex_);
    agenda_.finished(task);
  }
}

}  // namespace pgvigil
