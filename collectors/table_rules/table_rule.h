#pragma once

#include <string>
#include <variant>

#include "collectors/table_rules/alert_table.h"

namespace pgvigil {

enum class TableComparison { above, below, equal, at_least, at_most };

// A row that can be run. Immutable; made by check_row.
struct TableRule {
  std::string id;
  std::string name;
  std::string query;
  double threshold = 0;
  TableComparison comparison = TableComparison::above;
  std::string level;   // info, warning, critical
  std::string notify;  // the channels that the row names, joined by commas; a label for routes to match

  // 0: not crossed; 1: crossed; 2: crossed, and the row's level is critical; NaN when `value` is not known.
  double crossed(double value) const;
};

// The rule that a row is, or what is wrong with it. A function of the row.
std::variant<TableRule, std::string> check_row(const AlertRow& row);

}  // namespace pgvigil
