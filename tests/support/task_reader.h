#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/connections.h"
#include "collectors/task.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {

// Runs a task as the agent does, on a session of the agent's kind, by a clock that the test moves. One thread at a
// time.
class TaskReader {
 public:
  using Labels = std::map<std::string, std::string>;

  TaskReader(const PgCluster& cluster, Task& task, std::string_view database = "postgres",
             std::string_view role = "pgvigil");

  // One run; what it returned is what the functions below look at. Throws Error when the task fails.
  void run();
  // Time passes, and it runs.
  void run_after(milliseconds time);

  const std::string& skipped() const { return skipped_; }
  const std::vector<Family>& families() const { return families_; }

  // The value of the only series of that name that has these labels; nullopt when there is none or it is not known.
  // Throws when there are several, or no such metric.
  std::optional<double> value(std::string_view metric, const Labels& labels = {}) const;
  // The sum over all its known series that have these labels.
  double sum(std::string_view metric, const Labels& labels = {}) const;
  std::size_t count(std::string_view metric, const Labels& labels = {}) const;

 private:
  std::vector<double> values(std::string_view metric, const Labels& labels) const;

  FakeClock clock_;
  ConnectionPool connections_;
  Task& task_;
  std::string skipped_;
  std::vector<Family> families_;
};

}  // namespace pgvigil
