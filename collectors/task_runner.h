#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/agenda.h"
#include "collectors/connections.h"
#include "collectors/pace.h"
#include "collectors/pause_switch.h"
#include "collectors/series_budget.h"
#include "collectors/task.h"
#include "core/snapshot.h"

namespace pgvigil {

// What the reason of a skipped run begins with while collectors are paused.
constexpr std::string_view paused_mark = "paused: ";

enum class Outcome { success, skipped, failed };
std::string_view to_string(Outcome outcome);

// How one run ended.
struct RunReport {
  Outcome outcome = Outcome::success;
  std::chrono::duration<double> duration{0};
  std::chrono::duration<double> busy{0};  // how long the server worked for it
  WallTime ended_at;
  std::size_t series = 0;
  std::size_t dropped_series = 0;  // beyond a limit
  int slowdown = 1;                // how many times rarer than its interval it runs now
  std::string reason;              // of a skipped or failed run
};

// Is told what tasks do; called from the scheduler's threads, one call at a time for a task.
class TaskObserver {
 public:
  virtual ~TaskObserver() = default;
  virtual void run_started(const TaskInfo& task) = 0;
  virtual void run_ended(const TaskInfo& task, const RunReport& report) = 0;
  virtual void runs_missed(const TaskInfo& task, std::int64_t count) = 0;
};

// What runs of all tasks share. Copied freely; what it refers to outlives them.
struct RunSurroundings {
  ConnectionPool& connections;
  const Clock& clock;
  TaskObserver& observer;
  std::function<void(SnapshotPtr)> publish;
  const PauseSwitch* pause = nullptr;  // null: nothing can be paused
  SeriesBudget* budget = nullptr;      // null: no limit over all tasks
};

// A task's run as such: in this thread, at once. What the task and its parts return is published when it did not fail;
// a failure is logged when it changes, not each time.
class TaskRunner final : PartSink {
 public:
  TaskRunner(Task& task, RunSurroundings around);
  void run(const std::stop_token& stop);
  const TaskInfo& info() const { return task_.info(); }

  // Whether a run has to be expected to take long: it may, or the last one did. Not while it runs.
  bool takes_long() const;

  // How many times rarer than its interval the task should run now.
  int slowdown() const { return pace_.factor(); }

 private:
  struct Published {
    std::uint64_t runs = 0;
    std::string last_reason;
  };

  std::string pause_reason() const;
  void fit_budget(const TaskInfo& info, RunResult& result) const;
  void part_ended(const TaskInfo& part, RunResult result) override;
  void end(const TaskInfo& info, RunResult result);
  void publish(const TaskInfo& info, RunResult& result);
  void log_end(const TaskInfo& info, const RunReport& report);

  Task& task_;
  RunSurroundings around_;
  Moment started_;
  std::chrono::duration<double> took_{0};  // the last run
  Pace pace_;
  std::map<std::string, Published> published_;  // by name: the task itself, or its parts
};

}  // namespace pgvigil
