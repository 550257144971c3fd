#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "collectors/scheduler.h"

namespace pgvigil {

// What every task did last, for the page and for deciding whether a job is running. Any thread.
class TaskBoard final : public TaskObserver {
 public:
  struct Line {
    TaskKind kind = TaskKind::collector;
    std::string schedule;
    bool running = false;
    std::optional<RunReport> last;
    std::optional<WallTime> last_success;
    std::int64_t missed = 0;
  };

  void run_started(const TaskInfo& task) override;
  void run_ended(const TaskInfo& task, const RunReport& report) override;
  void runs_missed(const TaskInfo& task, std::int64_t count) override;

  std::map<std::string, Line> lines() const;
  void retain(const std::set<std::string>& tasks);

 private:
  Line& line_of(const TaskInfo& task);

  mutable std::mutex mutex_;  // guards lines_
  std::map<std::string, Line> lines_;
};

}  // namespace pgvigil
