#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/agenda.h"
#include "collectors/task.h"
#include "collectors/task_runner.h"
#include "core/worker.h"

namespace pgvigil {

// Runs tasks when they are due: each job and each vital task on a thread of its own, all other collectors on as many
// threads as the budget has connections, so that nobody waits for one. Of those threads one is kept for tasks that are
// quick: whatever takes long delays only what takes long. A task never overlaps itself: an occurrence that comes while
// it runs is missed and counted. Stopping asks every run to stop and waits for it. Owned by the composition root.
class Scheduler {
 public:
  Scheduler(std::vector<TaskPtr> tasks, const RunSurroundings& around);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // From now on no job starts; its occurrences count as missed. Running ones go on, and so do collectors.
  void hold_jobs() { jobs_held_ = true; }

 private:
  struct Lane;     // where runs wait for a thread
  struct Waiting;  // a run that waits

  void plan(const std::stop_token& stop);
  void dispatch(const Agenda::Due& due);
  void work(Lane& lane, const std::stop_token& stop);
  static std::optional<Waiting> next(Lane& lane, const std::stop_token& stop);
  static void ended(Lane& lane, const Waiting& run);

  std::vector<TaskPtr> tasks_;
  std::vector<TaskRunner> runners_;
  std::vector<Lane*> lane_of_;
  TaskObserver& observer_;
  const Clock& clock_;
  std::mutex mutex_;  // guards agenda_
  Agenda agenda_;
  std::atomic<bool> jobs_held_ = false;
  Bell pause_;
  std::list<Lane> lanes_;
  std::list<Worker> threads_;  // last: they stop before anything that they use goes away
};

}  // namespace pgvigil
