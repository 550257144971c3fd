#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/backup/backup_tasks.h"
#include "collectors/backup/folder_store.h"
#include "collectors/backup/recovery.h"
#include "collectors/backup/run_journal.h"
#include "collectors/connections.h"
#include "core/local_store.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

// Everything that backup jobs need, around a real server: a state folder, a store, the journal, and the tasks as the
// agent makes them. Only for tests.
class BackupLab {
 public:
  // The newest version that has its client programs here.
  static int server_version();

  explicit BackupLab(const PgCluster::Settings& settings = {});
  ~BackupLab();
  BackupLab(const BackupLab&) = delete;
  BackupLab& operator=(const BackupLab&) = delete;

  // Database "shop": a role that owns it and one that may read, a view, a function, a sequence, 500 orders.
  void make_shop();

  // Table "bulk" of `megabytes` that compress badly.
  void make_bulk(int megabytes);

  PgCluster& cluster() { return *cluster_; }

  // A job "shop" of database "shop" with a drill, never due by itself.
  BackupOptions job() const;

  // Runs the task of that name as the scheduler would. Returns why it failed, "" when it did not.
  std::string run(const BackupOptions& job, std::string_view task, std::stop_token stop = {});

  // What the task "backups" reports, by metric; series of job "shop" only.
  std::map<std::string, double> metrics(const BackupOptions& job);

  std::vector<std::string> backups() const { return store_folder().ids(); }
  FolderStore store_folder() const { return {folder("backups"), "shop"}; }
  std::optional<JobRun> last(RunKind kind) { return RunJournal(*store_).history("shop", kind).last_ended; }
  LocalStore& store() { return *store_; }
  const SystemClock& clock() const { return clock_; }

  // Closes the state file, as a process does before it forks, and opens it again.
  void close_store() { store_.reset(); }
  void open_store() { store_.emplace(folder("state") / "pgvigil.db"); }

  std::filesystem::path folder(std::string_view name) const { return dir_ / name; }

  // All files and folders below `root`, relative, sorted.
  static std::vector<std::string> listing(const std::filesystem::path& root);

  // The processes of that name (as /proc tells it) whose command line or environment holds `text`.
  static std::vector<pid_t> processes(std::string_view name, std::string_view text);

 private:
  TempDir dir_{TempDir::Access::readable_by_all};
  SystemClock clock_;
  std::optional<PgCluster> cluster_;
  std::optional<LocalStore> store_;
};

}  // namespace pgvigil
