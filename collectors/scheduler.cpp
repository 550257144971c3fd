#include "collectors/scheduler.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

struct Scheduler::Waiting {
  std::size_t task = 0;
  bool takes_long = false;
};

// Runs wait here, in the order in which they became due, for a thread that serves the lane. When there are several
// threads, one of them is left to runs that do not take long.
struct Scheduler::Lane {
  int threads = 1;
  std::mutex mutex;  // guards what follows
  std::condition_variable_any changed;
  std::deque<Waiting> waiting;
  int long_running = 0;

  // With the mutex held: the first that may start now.
  std::deque<Waiting>::iterator first_to_start() {
    const bool room = threads == 1 || long_running < threads - 1;
    return std::find_if(waiting.begin(), waiting.end(), [room](const Waiting& run) { return room || !run.takes_long; });
  }
};

Scheduler::Scheduler(std::vector<TaskPtr> tasks, const RunSurroundings& around)
    : tasks_(std::move(tasks)), observer_(around.observer), clock_(around.clock) {
  const Moment now{around.clock.steady_now(), around.clock.wall_now()};
  Lane& collectors = lanes_.emplace_back();
  collectors.threads = std::max(2, around.connections.budget());
  for (const TaskPtr& task : tasks_) {
    const TaskInfo& info = task->info();
    runners_.emplace_back(*task, around);
    lane_of_.push_back(info.kind == TaskKind::job || info.vital ? &lanes_.emplace_back() : &collectors);
    const auto first = info.kind == TaskKind::job ? Agenda::First::in_phase : Agenda::First::at_once;
    agenda_.add(info.name, info.schedule, first, now);
  }
  for (Lane& lane : lanes_) {
    for (int i = 0; i < lane.threads; ++i) {
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
    lane.waiting.push_back({due.task, runners_[due.task].takes_long()});
  }
  lane.changed.notify_one();
}

std::optional<Scheduler::Waiting> Scheduler::next(Lane& lane, const std::stop_token& stop) {
  std::unique_lock lock(lane.mutex);
  const bool found = lane.changed.wait(lock, stop, [&lane] { return lane.first_to_start() != lane.waiting.end(); });
  if (!found || stop.stop_requested()) return std::nullopt;
  const auto place = lane.first_to_start();
  const Waiting run = *place;
  lane.waiting.erase(place);
  if (run.takes_long) ++lane.long_running;
  return run;
}

void Scheduler::ended(Lane& lane, const Waiting& run) {
  if (!run.takes_long) return;
  {
    const std::lock_guard lock(lane.mutex);
    --lane.long_running;
  }
  lane.changed.notify_one();
}

void Scheduler::work(Lane& lane, const std::stop_token& stop) {
  while (const auto run = next(lane, stop)) {
    TaskRunner& runner = runners_[run->task];
    runner.run(stop);
    {
      const std::lock_guard lock(mutex_);
      agenda_.finished(run->task, runner.slowdown());
    }
    ended(lane, *run);
  }
}

}  // namespace pgvigil
