#pragma once

#include <optional>

#include "collectors/bloat/relation_facts.h"
#include "core/clock.h"

namespace pgvigil {

// The fewest pages a row that an index was ever seen with since its file was made: whatever its keys, its condition and
// its deduplication are, they are in it. A value; kept in the local store by BloatMemory.
struct IndexBaseline {
  std::int64_t file = 0;
  std::int64_t table_file = 0;
  double pages_per_row = 0;
  // The best that was seen is the best there is: the index was watched since it was rebuilt, or was read in full.
  // Without that the first look may have been at an index that was bloated already.
  bool anchored = false;
  WallTime seen_at;
};

// What is remembered after a look at the index: another file means that it was rebuilt. When that happened between two
// looks, and the table's own file is the old one (so that it was a REINDEX, and no TRUNCATE that was filled again row
// by row), the new baseline is anchored. Nothing when the index has no rows to compare with.
std::optional<IndexBaseline> advance(const std::optional<IndexBaseline>& known, const RelationFacts& index,
                                     WallTime now);

// The baseline of an index of which a full read has found that `wasted` (0 to 1) of it would be given back. Not when
// its row count is older than many of the changes: the count and the reading then do not belong together.
std::optional<IndexBaseline> anchored_by_reading(const RelationFacts& index, double wasted, WallTime now);

// How many times its best the index takes now: 1 is as good as ever.
double growth(const IndexBaseline& baseline, const RelationFacts& index);

// The share that a REINDEX would give back, 0 to 1; nothing unless the baseline is anchored.
std::optional<double> wasted_since(const IndexBaseline& baseline, const RelationFacts& index);

}  // namespace pgvigil
