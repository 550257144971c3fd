#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/local_store.h"

namespace pgvigil {

enum class RunKind { backup, drill };
enum class RunState { running, done, failed, interrupted };

std::string_view to_string(RunKind kind);
std::string_view to_string(RunState state);

// One run of a backup or of a drill. Its id is also the backup set's.
struct JobRun {
  std::string id;
  std::string job;
  RunKind kind = RunKind::backup;
  RunState state = RunState::running;
  std::vector<std::string> owned;  // folders that go when the run does not end well; a drill's go in any case
  WallTime started;
  std::optional<WallTime> finished;
  std::string error;

  // What a drill reports: the backup that it restored, and how.
  std::string backup;
  std::optional<WallTime> backup_started;
  double restore_seconds = 0;
  Json results;
};

// What is known of a job's runs of one kind.
struct RunHistory {
  std::optional<JobRun> running;
  std::optional<JobRun> last_ended;  // done, failed or interrupted
  std::optional<JobRun> last_done;
  std::optional<WallTime> newest_proved;  // the newest start of a backup that a drill restored
};

// "20261121T020000Z-1f0c9a3e": sorts by time, unique without asking anybody.
std::string new_run_id(WallTime now);

// The runs of all jobs, in the agent's own store: written before a run makes anything on disk, so that the next start
// knows what a run that died has left. Any thread.
class RunJournal {
 public:
  explicit RunJournal(LocalStore& store);

  // Enters `run`, does `work`, and enters how it ended; a failure is entered and thrown on. Earlier runs of the job and
  // kind that are still entered as running are interrupted first: a task never overlaps itself.
  void record(JobRun& run, const Clock& clock, const std::function<void(JobRun&)>& work);

  void finish(const JobRun& run);

  std::vector<JobRun> running() const;
  RunHistory history(std::string_view job, RunKind kind) const;

  // When the job was seen for the first time; entered on the first call.
  WallTime configured_since(std::string_view job, WallTime now);

  // Ended runs that the index tables do not have yet, oldest first.
  std::vector<JobRun> not_indexed(std::string_view job) const;
  void mark_indexed(std::string_view id);

 private:
  void begin(const JobRun& run);
  std::vector<JobRun> select(std::string_view condition, const std::vector<std::string>& parameters) const;

  LocalStore& store_;
};

}  // namespace pgvigil
