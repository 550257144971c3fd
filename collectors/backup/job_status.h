#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/backup/run_journal.h"
#include "core/clock.h"
#include "core/sample.h"

// What /metrics says about backup jobs. Pure.
namespace pgvigil {

// The newest backup in a job's store.
struct BackupSummary {
  WallTime started;
  WallTime snapshot;
  WallTime finished;
  std::int64_t raw_bytes = 0;
  std::int64_t stored_bytes = 0;
  double seconds = 0;
};

// All that is known of one job.
struct JobStatus {
  std::string job;
  std::string database;
  WallTime configured_since;
  bool store_readable = true;
  std::optional<double> store_free_bytes;
  std::optional<BackupSummary> newest;  // as far as the store could be read
  RunHistory backups;
  bool has_drill = false;
  RunHistory drills;
  std::optional<WallTime> next_run;  // of a job with a calendar
};

// Series for every job, from its configuration on. What never happened has the timestamp 0 and an age since the job was
// configured, so that an alert on age fires; the success of the last run is absent until a run has ended.
std::vector<Family> backup_families(const std::vector<JobStatus>& jobs, WallTime now);

}  // namespace pgvigil
