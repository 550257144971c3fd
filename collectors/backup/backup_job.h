#pragma once

#include <memory>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/index_tables.h"
#include "collectors/backup/options.h"
#include "collectors/backup/run_journal.h"
#include "collectors/task.h"
#include "core/pg_connection.h"

namespace pgvigil {

// The task "backup/NAME": takes one backup of a database into the store. It returns no samples: the task "backups"
// reports on all jobs, from the store and the journal, also when no job runs.
class BackupJob final : public Task {
 public:
  // `target` reaches the watched server. The journal's store must outlive the job.
  BackupJob(BackupOptions options, PgOptions target, std::shared_ptr<BackupStore> store, RunJournal journal);

  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  Manifest take(const JobRun& run, RunContext& context) const;

  BackupOptions options_;
  PgOptions target_;
  std::shared_ptr<BackupStore> store_;
  RunJournal journal_;
  IndexTables index_;
  TaskInfo info_;
};

}  // namespace pgvigil
