#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/options.h"
#include "collectors/backup/run_journal.h"
#include "core/pg_connection.h"

namespace pgvigil {

// The tables that people query: pgvigil.backup_log and pgvigil.recovery_tests in a database of the user's choice. They
// are an index of what the stores and the journal know; losing them, or not reaching them, stops nothing. The thread of
// the task that owns it.
class IndexTables {
 public:
  IndexTables(const BackupOptions& job, const PgOptions& target);

  // Writes every ended run of the job that the tables do not have yet, also those of the time when the database was not
  // to be reached. What fails is logged, and done by the next call.
  void catch_up(RunJournal& journal, const BackupStore& store, const std::stop_token& stop) const;

 private:
  void write(RunJournal& journal, const BackupStore& store, const std::stop_token& stop) const;

  std::string job_;
  std::string source_database_;
  std::optional<PgOptions> connection_;  // none: the user wants no tables
};

}  // namespace pgvigil
