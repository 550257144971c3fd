#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/snapshot.h"
#include "exporter/gzip.h"

namespace pgvigil {

// The tasks' part of /metrics: each snapshot is written and compressed once, when it is published; a scrape only
// collects what is current. Any thread.
class MetricsPage {
 public:
  void update(const SnapshotPtr& snapshot);

  // The chunks whose data is still current, in the order of the tasks' names.
  std::vector<ChunkPtr> current(SteadyTime now) const;

  // Forgets tasks that are no more.
  void retain(const std::set<std::string>& tasks);

  // Series that were left out since the start because an equal one stood beside them.
  std::uint64_t duplicates() const;

 private:
  struct Entry {
    SnapshotPtr snapshot;
    ChunkPtr chunk;
  };
  mutable std::mutex mutex_;  // guards entries_ and duplicates_
  std::map<std::string, Entry> entries_;
  std::uint64_t duplicates_ = 0;
};

}  // namespace pgvigil
