#pragma once

#include <string>

#include "core/clock.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The map `table` of the section `alerts`: where the table pgvigil.monitoring_alerts is, whose rows are rules. What it
// says; the rows are run by a task of the collectors, and the built-in rule table-rule serves them all.
//
//   table: { database: app, every: 30s, timeout: 5s }
struct RuleTable {
  std::string database;  // "": the connected one
  milliseconds every{30'000};
  milliseconds timeout{5'000};  // of one row's query
};

// What is wrong is reported through the section.
RuleTable decode_rule_table(Section& table);

}  // namespace pgvigil
