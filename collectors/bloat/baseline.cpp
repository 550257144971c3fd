#include "collectors/bloat/baseline.h"

#include <algorithm>

namespace pgvigil {

namespace {

// Between two looks further apart a rebuilt index may have bloated again.
constexpr auto longest_absence = std::chrono::hours(24);
constexpr double fresh_enough = 0.05;  // changes since the last ANALYZE, as a share of the rows

double pages_per_row(const RelationFacts& index) {
  return index.pages / index.rows;
}

}  // namespace

std::optional<IndexBaseline> advance(const std::optional<IndexBaseline>& known, const RelationFacts& index,
                                     WallTime now) {
  if (index.rows < 1) return std::nullopt;
  IndexBaseline next{index.file, index.table_file, pages_per_row(index), false, now};
  if (!known) return next;
  if (known->file == index.file) {
    next.pages_per_row = std::min(next.pages_per_row, known->pages_per_row);
    next.anchored = known->anchored;
  } else {
    next.anchored = known->table_file == index.table_file && now - known->seen_at <= longest_absence;
  }
  return next;
}

std::optional<IndexBaseline> anchored_by_reading(const RelationFacts& index, double wasted, WallTime now) {
  if (index.rows < 1 || index.modified_share > fresh_enough) return std::nullopt;
  return IndexBaseline{index.file, index.table_file, pages_per_row(index) * (1 - wasted), true, now};
}

double growth(const IndexBaseline& baseline, const RelationFacts& index) {
  return pages_per_row(index) / baseline.pages_per_row;
}

std::optional<double> wasted_since(const IndexBaseline& baseline, const RelationFacts& index) {
  if (!baseline.anchored || index.rows < 1) return std::nullopt;
  return std::clamp(1 - 1 / growth(baseline, index), 0.0, 1.0);
}

}  // namespace pgvigil
