#pragma once

#include <string_view>
#include <variant>

#include "collectors/bloat/relation_facts.h"

namespace pgvigil {

// Why there is no number about a relation: it would be known to be wrong.
enum class Suppressed {
  never_analyzed,   // nobody has counted its pages and rows
  too_small,        // below the floor, where a few pages are a high share
  too_many,         // more relations than one round looks at, this one among the smaller ones
  toast,            // the size of a chunk is not recorded: only reading it tells
  access_method,    // no heap and no B-tree
  invalid,          // what a failed CREATE INDEX CONCURRENTLY left
  expression,       // the width of what an expression returns is not recorded reliably
  partial,          // the statistics are about all rows
  deduplicated,     // equal keys are kept once, and how often is not recorded
  wide_keys,        // long keys are compressed
  no_rights,        // the role may not read the statistics of its columns
  no_statistics,    // a column has none
  name_type,        // values of type name take other room than recorded
  changed_columns,  // columns were dropped or added: old rows are made differently
  implausible,      // it is smaller than its rows should be: the premises do not hold
};

std::string_view to_string(Suppressed reason);

// The share of a relation's pages that a rewrite (VACUUM FULL, REINDEX) would give back, 0 to 1, or why it is not
// known.
using Estimate = std::variant<double, Suppressed>;

// From the statistics alone, of a table.
Estimate estimate_table(const RelationFacts& table);

// From the statistics alone, of a B-tree.
Estimate estimate_index(const RelationFacts& index);

inline Estimate estimate(const RelationFacts& relation) {
  return relation.kind == RelationKind::index ? estimate_index(relation) : estimate_table(relation);
}

}  // namespace pgvigil
