#include "alerts/sql_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace pgvigil {

SqlRule decode_sql_rule(Section& sql) {
  SqlRule rule;
  rule.query = sql.require_text("query");
  if (!rule.query.empty() && trim(rule.query).empty()) sql.fail("query is empty");
  rule.every = sql.duration("every", rule.every, seconds(1), std::chrono::hours(24));
  rule.timeout = sql.duration("timeout", rule.timeout, milliseconds(100), std::chrono::minutes(1));
  if (rule.timeout > rule.every) sql.fail("timeout is longer than every");
  rule.database = sql.text("database");
  rule.each_database = rule.database == "each";
  if (rule.each_database) rule.database.clear();
  sql.finish();
  return rule;
}

std::string sql_rule_metric(std::string_view id) {
  std::string name(id);  // lower-case letters, digits and hyphens: no two ids become one name
  std::replace(name.begin(), name.end(), '-', '_');
  return "pgvigil_rule_value_" + name;
}

}  // namespace pgvigil
