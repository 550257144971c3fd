#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/agenda.h"
#include "collectors/connections.h"
#include "collectors/task.h"
#include "core/snapshot.h"
#include "core/worker.h"

namespace pgvigil {

enum class Outcome { success, skipped, failed };
std::string_view to_string(Outcome outcome);

// How one run ended.
struct RunReport {
  Outcome outcome = Outcome::success;
  std::chrono::duration<double> duration{0};
  WallTime ended_at;
  std::size_t series = 0;
  std::string reason;  // of a skipped or failed run
};

// Is told what the scheduler does; called from its threads, one call at a time for a task.
class TaskObserver {
 public:
  virtual ~TaskObserver() = default;
  virtual void run_started(const TaskInfo& task) = 0;
  virtual void run_ended(const TaskInfo& task, const RunReport& report) = 0;
  virtual void runs_missed(const TaskInfo& task, std::int64_t count) = 0;
};

// A task's run as such: in this thread, at once. What the task returns goes into `publish` when it did not fail.
class TaskRunner {
 public:
  using Publish = std::function<void(SnapshotPtr)>;

  TaskRunner(Task& task, ConnectionPool& connections, const Clock& clock, TaskObserver& observer, Publish publish);
  void run(const std::stop_token& stop);
  const TaskInfo& info() const { return task_.info(); }

 private:
  void publish_result(std::vector<Family> families, Moment started);
  void log_end(const RunReport& report);

  Task& task_;
  ConnectionPool& connections_;
  const Clock& clock_;
  TaskObserver& observer_;
  Publish publish_;
  std::uint64_t runs_ = 0;
  std::string last_reason_;  // a failure is logged when it changes, not each time
};

// Runs tasks when they are due: collectors on a small pool of threads, each job on a thread of its own. A task never
// overlaps itself: an occurrence that comes while it runs is missed and counted. Stopping asks every run to stop and
// waits for it. Owned by the composition root.
class Scheduler {
 public:
  Scheduler(std::vector<TaskPtr> tasks, ConnectionPool& connections, const Clock& clock, TaskObserver& observer,
            const TaskRunner::Publish& publish);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // From now on no job starts; its occurrences count as missed. Running ones go on, and so do collectors.
  void hold_jobs() { jobs_held_ = true; }

 private:
  struct Lane;  // where runs wait for a thread

  void plan(const std::stop_token& stop);
  void dispatch(const Agenda::Due& due);
  void work(Lane& lane, const std::stop_token& stop);

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
