#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/sample.h"

namespace pgvigil {

// What the rules of the table say of one subject.
struct TableSubject {
  std::map<std::string, std::string> labels;
  double value = 0;    // NaN: not known
  double crossed = 0;  // as TableRule::crossed
};

// How one row's run ended.
struct TableRuleStatus {
  std::string alert;
  std::string level;
  bool up = false;
};

// The families of the task `table_rules`. Rules have different labels, and a family has the same ones in all of its
// series: a label that a subject lacks is empty, which is the same as none. Of rows that share name and level the
// status is that of the worst.
std::vector<Family> table_rule_families(const std::vector<TableSubject>& subjects,
                                        const std::vector<TableRuleStatus>& statuses);

}  // namespace pgvigil
