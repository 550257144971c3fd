#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "collectors/schedule.h"
#include "core/clock.h"
#include "core/sample.h"

namespace pgvigil {

class ConnectionPool;

enum class TaskKind {
  collector,  // only reads: runs on the small pool, on a read-only connection of the shared budget
  job,        // also changes something and may take hours: runs on a thread of its own
};

// What the scheduler knows of a task before it runs.
struct TaskInfo {
  std::string name;  // unique; the value of the label `task`
  TaskKind kind = TaskKind::collector;
  Schedule schedule;
  milliseconds timeout{5000};  // the run's deadline
};

// What a run is handed.
struct RunContext {
  ConnectionPool& connections;
  const Clock& clock;
  SteadyTime deadline;
  std::stop_token stop;
  std::string skipped;  // a task that does not apply to this server says why, and returns its families without samples
};

// Everything that happens on a schedule. The scheduler runs it, never twice at the same time, publishes what it returns
// and counts how it ended.
class Task {
 public:
  virtual ~Task() = default;
  virtual const TaskInfo& info() const = 0;

  // Throws Error when the run failed: its samples are then not replaced, and grow old.
  virtual std::vector<Family> run(RunContext& context) = 0;
};

using TaskPtr = std::unique_ptr<Task>;

}  // namespace pgvigil
