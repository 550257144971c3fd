#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "collectors/scheduler.h"

namespace pgvigil {

// What every task did, for the page, for /metrics and for deciding whether a job is running. Any thread.
class TaskBoard final : public TaskObserver {
 public:
  struct Line {
    TaskKind kind = TaskKind::collector;
    std::string schedule;
    bool running = false;
    std::optional<RunReport> last;
    std::optional<RunReport> last_success;
    std::map<Outcome, std::int64_t> runs;
    std::int64_t missed = 0;
    std::chrono::duration<double> run_seconds{0};   // of all runs
    std::chrono::duration<double> busy_seconds{0};  // that the server worked for them
  };

  void run_started(const TaskInfo& task) override;
  void run_ended(const TaskInfo& task, const RunReport& report) override;
  void runs_missed(const TaskInfo& task, std::int64_t count) override;

  std::map<std::string, Line> lines() const;
  bool have_run(const std::set<std::string>& tasks) const;  // each of them once, however it ended
  void retain(const std::set<std::string>& tasks);

 private:
  Line& line_of(const TaskInfo& task);

  mutable std::mutex mutex_;  // guards lines_
  std::map<std::string, Line> lines_;
};

}  // namespace pgvigil
