#include "collectors/scheduler.h"

#include <utility>

namespace pgvigil {

namespace {

constexpr int collector_threads = 2;

}  // namespace

// Runs wait here, in the order in which they became due, for a thread that serves the lane.
struct Scheduler::Lane {
  std::mutex mutex;  // guards waiting
  std::condition_variable_any arrived;
  std::deque<std::size_t> waiting;
};

Scheduler::Scheduler(std::vector<TaskPtr> tasks, const RunSurroundings& around)
    : tasks_(std::move(tasks)), observer_(around.observer), clock_(around.clock) {
  const Moment now{around.clock.steady_now(), around.clock.wall_now()};
  Lane& collectors = lanes_.emplace_back();
  for (const TaskPtr& task : tasks_) {
    const TaskInfo& info = task->info();
    runners_.emplace_back(*task, around);
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
    agenda_.finished(task, runners_[task].slowdown());
  }
}

}  // namespace pgvigil
