#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "collectors/backup/manifest.h"
#include "collectors/backup/row_counts.h"
#include "core/pg_connection.h"

namespace pgvigil {

// A session on the watched server that exports its snapshot, so that pg_dump's data and our row counts are of the same
// instant. It must not outlive its use: an open snapshot holds back VACUUM. One thread at a time.
class SourceSnapshot {
 public:
  // Throws Error as PgConnection does.
  SourceSnapshot(const PgOptions& options, const std::stop_token& stop);

  const SourceFacts& facts() const { return facts_; }
  const std::string& name() const { return name_; }  // for pg_dump --snapshot
  WallTime taken_at() const { return taken_at_; }    // by the server's clock

  // Counts as count_rows() does and closes the session. Call it once pg_dump has the snapshot and its locks: nothing
  // then can drop or truncate a table before it is counted.
  std::vector<TableRows> count_and_close(const std::stop_token& stop);

 private:
  PgConnection connection_;
  SourceFacts facts_;
  std::string name_;
  WallTime taken_at_;
};

}  // namespace pgvigil
