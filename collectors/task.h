#pragma once

#include <cstddef>
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
  collector,  // only reads: runs on a thread of the small pool, on a read-only connection of the shared budget
  job,        // also changes something and may take hours: runs on a thread of its own
};

// What the scheduler knows of a task before it runs.
struct TaskInfo {
  std::string name;  // unique; the value of the label `task`
  TaskKind kind = TaskKind::collector;
  Schedule schedule;
  milliseconds timeout{5000};  // the run's deadline
  bool vital = false;  // what all else is judged by: has a thread of its own, and goes on while collectors are paused
};

// How a run of a task, or of a part of it, ended.
struct RunResult {
  std::vector<Family> families;
  std::string skipped;  // a task that does not apply to this server says why; its families have then no samples
  std::string failed;   // why; nothing is then published
  std::chrono::duration<double> busy{0};  // how long the server worked for it
  std::size_t dropped_series = 0;         // beyond a limit
  int slowdown = 1;                       // how many times rarer than its interval it runs now
};

// Takes what the parts of a task report, when one task does the work of several: the walk over all databases.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual void part_ended(const TaskInfo& part, RunResult result) = 0;
};

// What a run is handed, and what it says of itself besides its families.
struct RunContext {
  ConnectionPool& connections;
  const Clock& clock;
  SteadyTime deadline;
  std::stop_token stop;
  std::string skipped;                    // as in RunResult
  std::chrono::duration<double> busy{0};  // as in RunResult
  std::size_t dropped_series = 0;         // as in RunResult
  PartSink* parts = nullptr;
};

// Everything that happens on a schedule. The scheduler runs it, never twice at the same time, publishes what it returns
// and counts how it ended.
class Task {
 public:
  virtual ~Task() = default;
  virtual const TaskInfo& info() const = 0;

  // Which names its results are published under, if not its own.
  virtual std::vector<TaskInfo> parts() const { return {}; }

  // Throws Error when the run failed: its samples are then not replaced, and grow old.
  virtual std::vector<Family> run(RunContext& context) = 0;
};

using TaskPtr = std::unique_ptr<Task>;

}  // namespace pgvigil
