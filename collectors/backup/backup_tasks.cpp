#include "collectors/backup/backup_tasks.h"

#include "collectors/backup/backup_job.h"
#include "collectors/backup/drill_job.h"
#include "collectors/backup/folder_store.h"
#include "collectors/backup/run_journal.h"
#include "collectors/backup/status_collector.h"

namespace pgvigil {

std::vector<TaskPtr> make_backup_tasks(const std::vector<BackupOptions>& jobs, const PgOptions& target,
                                       LocalStore& store, const std::filesystem::path& state_dir, const Clock& clock) {
  std::vector<TaskPtr> tasks;
  const RunJournal journal(store);
  std::vector<BackupStatusCollector::Job> reported;
  for (const BackupOptions& job : jobs) {
    const auto backups = std::make_shared<FolderStore>(job.folder, job.name);
    tasks.push_back(std::make_unique<BackupJob>(job, target, backups, journal));
    if (job.verify) tasks.push_back(std::make_unique<DrillJob>(job, target, backups, journal, state_dir));
    reported.push_back({job, backups});
  }
  tasks.push_back(std::make_unique<BackupStatusCollector>(std::move(reported), journal, clock.wall_now()));
  return tasks;
}

}  // namespace pgvigil
