#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/index_tables.h"
#include "collectors/backup/options.h"
#include "collectors/backup/run_journal.h"
#include "collectors/backup/scratch_cluster.h"
#include "collectors/task.h"

namespace pgvigil {

// The task "drill/NAME": restores the newest backup of a job into a throw-away cluster and questions it. What it finds
// is in the journal; the task "backups" reports it. Nothing outside of the folders that it makes changes.
class DrillJob final : public Task {
 public:
  // `options.verify` must be there. `state_dir` is where throw-away clusters are made unless the options say otherwise.
  DrillJob(BackupOptions options, const PgOptions& target, std::shared_ptr<BackupStore> store, RunJournal journal,
           const std::filesystem::path& state_dir);

  const TaskInfo& info() const override { return info_; }

  // Throws Error when the drill failed: its message says why the backup is not proved.
  std::vector<Family> run(RunContext& context) override;

 private:
  std::optional<Manifest> newest_backup() const;
  ScratchPlan plan(const JobRun& run, const std::string& superuser) const;
  void drill(JobRun& run, const Manifest& manifest, RunContext& context) const;

  BackupOptions options_;
  std::shared_ptr<BackupStore> store_;
  RunJournal journal_;
  IndexTables index_;
  std::filesystem::path folder_;  // where clusters are made
  TaskInfo info_;
};

}  // namespace pgvigil
