#include "collectors/bloat/estimate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pgvigil {

namespace {

constexpr double line_pointer = 4;
constexpr double page_header = 24;
constexpr double btree_special = 16;
constexpr double max_alignment = 8;
// More than what sampling and rounding explain.
constexpr double plausible_excess = 0.1;
// With fewer rows than this a key, keeping equal keys once saves next to nothing.
constexpr double rows_per_key_of_a_distinct_index = 1.1;
constexpr double null_share_of_a_distinct_index = 0.1;
// Values above a sixteenth of a page are compressed in an index (TOAST_INDEX_TARGET); an average stays well below.
constexpr double widest_key = 400;

double aligned(double bytes, double alignment) {
  return std::ceil(bytes / alignment) * alignment;
}

// Walks over the columns of an average row. As long as all are of fixed length the padding is known exactly; after one
// of varying length, of half of what can be missing.
class RowWidth {
 public:
  void add(const ColumnStatistics& column) {
    // Values below 127 bytes have a header of one byte and no alignment.
    const bool packed = column.length == -1 && column.width < 127;
    if (!packed && column.length != -2) align(column.alignment);
    bytes_ += (1 - column.null_share) * column.width;
    if (column.length < 0 || column.null_share > 0) certain_to_ = 1;
  }

  double whole_row() {
    align(max_alignment);
    return bytes_;
  }

 private:
  void align(double alignment) {
    bytes_ = certain_to_ >= alignment ? aligned(bytes_, alignment) : bytes_ + (alignment - certain_to_) / 2;
    certain_to_ = std::max(certain_to_, alignment);
  }

  double bytes_ = 0;
  double certain_to_ = max_alignment;  // the position is a known one up to this alignment
};

double data_width(const RelationFacts& relation) {
  RowWidth width;
  for (const ColumnStatistics& column : relation.statistics) width.add(column);
  return width.whole_row();
}

double largest_null_share(const RelationFacts& relation) {
  double share = 0;
  for (const ColumnStatistics& column : relation.statistics) share = std::max(share, column.null_share);
  return share;
}

// 23 bytes, and a bitmap when the row has nulls.
double row_header(const RelationFacts& table) {
  const double plain = aligned(23, max_alignment);
  const double with_bitmap = aligned(23 + std::ceil(table.columns / 8.0), max_alignment);
  return plain + largest_null_share(table) * (with_bitmap - plain);
}

double expected_table_pages(const RelationFacts& table) {
  const double row = line_pointer + row_header(table) + data_width(table);
  const double rows_a_page = std::floor((table.page_bytes - page_header) * table.fillfactor / row);
  return std::ceil(table.rows / std::max(rows_a_page, 1.0));
}

// A leaf is filled up to fillfactor, its first entry is a copy of the next leaf's first key. Pages above the leaves are
// filled to 70 % (BTREE_NONLEAF_FILLFACTOR); one page more describes the index.
double expected_index_pages(const RelationFacts& index) {
  const double header = 8 + 8 * largest_null_share(index);
  const double entry = line_pointer + header + data_width(index);
  const double room = index.page_bytes - page_header - btree_special;
  const double reserved = index.page_bytes * (1 - index.fillfactor);
  const double leaves = std::ceil(index.rows / std::max(std::floor((room - reserved) / entry) - 1, 1.0));
  const double fanout = std::max(std::floor(room * 0.7 / entry), 2.0);
  return 1 + leaves * fanout / (fanout - 1);
}

Estimate compare(const RelationFacts& relation, double expected) {
  const double ratio = 1 - expected / relation.pages;
  if (ratio < -plausible_excess) return Suppressed::implausible;
  return std::clamp(ratio, 0.0, 1.0);
}

double distinct_values(const ColumnStatistics& column, double rows) {
  return column.distinct < 0 ? -column.distinct * rows : column.distinct;
}

// Whether equal keys are so many that keeping them once shows. A unique index has them only where nulls are.
bool saves_by_deduplication(const RelationFacts& index) {
  if (!index.deduplicates) return false;
  if (index.unique) return largest_null_share(index) > null_share_of_a_distinct_index;
  double keys = 1;
  for (const ColumnStatistics& column : index.statistics) {
    keys = std::max(keys, distinct_values(column, index.rows));
  }
  return index.rows / keys > rows_per_key_of_a_distinct_index;
}

bool has_all_statistics(const RelationFacts& relation) {
  return relation.columns > 0 && std::cmp_equal(relation.statistics.size(), relation.columns);
}

}  // namespace

std::string_view to_string(Suppressed reason) {
  switch (reason) {
    case Suppressed::never_analyzed: return "never_analyzed";
    case Suppressed::too_small: return "too_small";
    case Suppressed::too_many: return "too_many";
    case Suppressed::toast: return "toast";
    case Suppressed::access_method: return "access_method";
    case Suppressed::invalid: return "invalid";
    case Suppressed::expression: return "expression";
    case Suppressed::partial: return "partial";
    case Suppressed::deduplicated: return "deduplicated";
    case Suppressed::wide_keys: return "wide_keys";
    case Suppressed::no_rights: return "no_rights";
    case Suppressed::no_statistics: return "no_statistics";
    case Suppressed::name_type: return "name_type";
    case Suppressed::changed_columns: return "changed_columns";
    case Suppressed::implausible: return "implausible";
  }
  return "";
}

Estimate estimate_table(const RelationFacts& table) {
  if (table.kind == RelationKind::toast) return Suppressed::toast;
  if (table.access_method != "heap") return Suppressed::access_method;
  if (!table.readable) return Suppressed::no_rights;
  if (!has_all_statistics(table)) return Suppressed::no_statistics;
  if (table.name_column) return Suppressed::name_type;
  if (table.columns_changed) return Suppressed::changed_columns;
  return compare(table, expected_table_pages(table));
}

Estimate estimate_index(const RelationFacts& index) {
  if (index.access_method != "btree") return Suppressed::access_method;
  if (!index.valid) return Suppressed::invalid;
  if (index.expression) return Suppressed::expression;
  if (index.partial) return Suppressed::partial;
  if (!index.readable) return Suppressed::no_rights;
  if (!has_all_statistics(index)) return Suppressed::no_statistics;
  if (index.name_column) return Suppressed::name_type;
  if (data_width(index) > widest_key) return Suppressed::wide_keys;
  if (saves_by_deduplication(index)) return Suppressed::deduplicated;
  return compare(index, expected_index_pages(index));
}

}  // namespace pgvigil
