#include "exporter/task_board.h"

#include <algorithm>

namespace pgvigil {

TaskBoard::Line& TaskBoard::line_of(const TaskInfo& task) {
  Line& line = lines_[task.name];
  line.kind = task.kind;
  line.schedule = describe(task.schedule);
  return line;
}

void TaskBoard::run_started(const TaskInfo& task) {
  const std::lock_guard lock(mutex_);
  line_of(task).running = true;
}

void TaskBoard::run_ended(const TaskInfo& task, const RunReport& report) {
  const std::lock_guard lock(mutex_);
  Line& line = line_of(task);
  line.running = false;
  line.last = report;
  if (report.outcome == Outcome::success) line.last_success = report;
  ++line.runs[report.outcome];
  line.run_seconds += report.duration;
  line.busy_seconds += report.busy;
}

void TaskBoard::runs_missed(const TaskInfo& task, std::int64_t count) {
  const std::lock_guard lock(mutex_);
  line_of(task).missed += count;
}

std::map<std::string, TaskBoard::Line> TaskBoard::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

bool TaskBoard::have_run(const std::set<std::string>& tasks) const {
  const std::lock_guard lock(mutex_);
  return std::all_of(tasks.begin(), tasks.end(), [this](const std::string& task) {
    const auto line = lines_.find(task);
    return line != lines_.end() && line->second.last;
  });
}

void TaskBoard::retain(const std::set<std::string>& tasks) {
  const std::lock_guard lock(mutex_);
  std::erase_if(lines_, [&](const auto& line) { return !tasks.contains(line.first); });
}

}  // namespace pgvigil
