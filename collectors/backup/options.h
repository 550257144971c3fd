#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "collectors/schedule.h"
#include "core/clock.h"
#include "core/pg_connection.h"
#include "core/secret.h"
#include "core/yaml_section.h"

namespace pgvigil {

// A question to the restored database. The answer is good when it is one row whose first column is true, or, with
// `min`, a number that is at least that.
struct VerificationQuery {
  std::string sql;
  std::optional<double> min;
};

// The restore drill of a job.
struct DrillOptions {
  Schedule schedule;
  milliseconds timeout{0};
  std::optional<std::string> run_as;  // the throw-away server's user when the agent is root; otherwise not used
  std::filesystem::path folder;       // where throw-away clusters are made; empty: in the agent's state folder
  std::vector<VerificationQuery> queries;
};

// One job of `backups:` in the configuration.
struct BackupOptions {
  std::string name;
  std::string database;
  Schedule schedule;
  std::filesystem::path folder;  // of the store
  int compression_level = 3;
  milliseconds timeout{0};
  std::optional<std::string> conninfo;  // instead of the watched server's, for a role that may dump
  Secret password;
  std::optional<std::string> log_database;  // where the index tables are; none: there are none
  std::optional<std::filesystem::path> pg_bin;
  std::optional<DrillOptions> verify;
};

// Reads one job; what is wrong is reported to the section's problems.
BackupOptions decode_backup(Section& section);

// Reads the list `backups` of `parent`, whose names must differ.
std::vector<BackupOptions> decode_backups(Section& parent);

// How the job reaches its database: its own conninfo or the watched server's, always with `database`.
PgOptions connection_options(const BackupOptions& job, const PgOptions& target, const std::string& database);

}  // namespace pgvigil
