#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/sample.h"

namespace pgvigil {

// What one run of a task reported. Immutable once it is published.
struct Snapshot {
  std::string task;
  std::uint64_t run = 0;  // counts the task's runs that ended well, so that a reader can tell two runs apart
  SteadyTime taken_at;    // when the run began: the data is at most as old as this
  WallTime taken_at_wall;
  std::chrono::milliseconds valid_for{0};  // after this the data no longer counts as current
  bool complete = true;  // false: a limit cut it, and a subject that is missing may be there all the same
  std::vector<Family> families;

  bool current(SteadyTime now) const { return now - taken_at <= valid_for; }
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// The newest snapshot of every task: tasks write, /metrics and rules read. Any thread; readers get pointers to
// immutable data and never wait for a database.
class SnapshotStore {
 public:
  void publish(SnapshotPtr snapshot);

  SnapshotPtr find(std::string_view task) const;

  // In the order of the tasks' names.
  std::vector<SnapshotPtr> all() const;

  // Forgets tasks that are no more.
  void retain(const std::set<std::string>& tasks);

 private:
  mutable std::mutex mutex_;  // guards snapshots_
  std::map<std::string, SnapshotPtr, std::less<>> snapshots_;
};

}  // namespace pgvigil
