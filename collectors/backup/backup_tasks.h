#pragma once

#include <filesystem>
#include <vector>

#include "collectors/backup/options.h"
#include "collectors/task.h"
#include "core/clock.h"
#include "core/local_store.h"
#include "core/pg_connection.h"

namespace pgvigil {

// The tasks of all backup jobs: "backup/NAME", "drill/NAME" where a job has `verify`, and "backups", which reports on
// all of them; that one also without a job, so that rules know that there is none. `store` must outlive them. Throws
// Error when the store cannot be used. Before the first of them runs, recover_backups() has to be called once.
std::vector<TaskPtr> make_backup_tasks(const std::vector<BackupOptions>& jobs, const PgOptions& target,
                                       LocalStore& store, const std::filesystem::path& state_dir, const Clock& clock);

}  // namespace pgvigil
