#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/catalog.h"
#include "collectors/custom_queries.h"

// What readers of other exporters' query files have in common. Values only; every function is pure.
namespace pgvigil {

// A column as the other exporter describes it.
struct ImportedColumn {
  std::string name;  // in the query's result
  CatalogColumn::Usage usage = CatalogColumn::Usage::discard;
  std::string rename;  // the label's name, or what follows the metric's prefix
  std::string help;
  double scale = 1;
  std::string fallback;                                 // what stands for NULL; empty: nothing
  std::vector<std::pair<std::string, double>> mapping;  // texts and the numbers that they stand for
  std::string where;                                    // FILE:LINE:COLUMN
};

// One query of the other exporter. Several with one prefix are variants of one collector.
struct ImportedBranch {
  std::string prefix;  // of its metrics' names
  std::string help;
  std::optional<milliseconds> interval;
  std::optional<milliseconds> timeout;
  Scope scope = Scope::cluster;
  CatalogCondition when;
  std::string query;
  std::vector<ImportedColumn> columns;
  std::string where;
};

// A collector of ours, and the prefix that its metrics have in common.
struct ImportedCollector {
  CatalogEntry entry;
  std::string prefix;
};

// Puts branches of one prefix together, in the order of their first appearance. Columns that only some branches have
// are NULL in the others. What is `taken` is left out, and said in `report` with its place.
std::vector<ImportedCollector> collectors_of(const std::vector<ImportedBranch>& branches, TakenNames taken,
                                             Problems& report);

}  // namespace pgvigil
