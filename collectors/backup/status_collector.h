#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/job_status.h"
#include "collectors/backup/options.h"
#include "collectors/backup/run_journal.h"
#include "collectors/task.h"

namespace pgvigil {

// The task "backups": the state of all jobs, from their stores and the journal. It touches no database.
class BackupStatusCollector final : public Task {
 public:
  struct Job {
    BackupOptions options;
    std::shared_ptr<const BackupStore> store;
  };

  // The journal's store must outlive the collector. `now` is when jobs that were not seen before count as configured.
  BackupStatusCollector(std::vector<Job> jobs, RunJournal journal, WallTime now);

  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  // What was read of a job's store. Manifests never change, so each is read once.
  struct Known {
    Job job;
    WallTime configured_since;
    std::map<std::string, BackupSummary> backups;  // by id
    std::set<std::string> unreadable;
    std::string store_problem;  // why the store could not be read the last time; empty: it could
  };

  static void read_store(Known& known);
  static void refresh(Known& known);
  JobStatus status(Known& known, WallTime now);

  RunJournal journal_;
  std::vector<Known> jobs_;
  TaskInfo info_;
};

}  // namespace pgvigil
