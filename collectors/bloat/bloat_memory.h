#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "collectors/bloat/baseline.h"
#include "collectors/bloat/confirmation.h"
#include "core/local_store.h"

namespace pgvigil {

// What was learnt about the relations of one database, by schema.relation: names outlive REINDEX CONCURRENTLY, which
// makes a new index under the old name.
struct DatabaseBloatMemory {
  std::map<std::string, IndexBaseline> baselines;
  std::map<std::string, Confirmation> confirmations;
};

// Bloat's memory in the local store: an index's best size, what reading relations has found and how much was read for
// it. Owned by the composition root. One thread at a time.
class BloatMemory {
 public:
  // Brings its tables.
  explicit BloatMemory(LocalStore& store);

  DatabaseBloatMemory recall(const std::string& database) const;

  // In one transaction. What is not in `memory` any more is forgotten after 30 days.
  void remember(const std::string& database, const DatabaseBloatMemory& memory, WallTime now);

  // Over all databases.
  std::int64_t bytes_read_since(WallTime since) const;

 private:
  LocalStore& store_;
};

}  // namespace pgvigil
