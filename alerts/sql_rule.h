#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The condition of a rule that is an SQL query: every row is a subject, the column `value` its value, all other columns
// are its labels. What it says; the query is run by a task of the collectors, whose samples have the name
// sql_rule_metric says, so that the rule is from there on like one with that name as its expression.
//
//   sql: { every: 10m, timeout: 5s, database: each, query: "SELECT status, count(*) AS value FROM …" }
struct SqlRule {
  std::string query;
  milliseconds every{60'000};
  milliseconds timeout{5000};
  std::string database;        // "": the connected one
  bool each_database = false;  // the subject has then the label datname
};

// Reads the map `sql` of a rule's entry. What is wrong is reported through the section.
SqlRule decode_sql_rule(Section& sql);

// pgvigil_rule_value_orders_stuck for the rule orders-stuck: a name for each rule, because rules have different labels,
// and because the series of one name must stand together on /metrics, where each task writes its own part.
std::string sql_rule_metric(std::string_view id);

}  // namespace pgvigil
