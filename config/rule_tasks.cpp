#include "config/rule_tasks.h"

namespace pgvigil {

RuleQuery rule_query(const std::string& id, const SqlRule& sql) {
  return {id, sql_rule_metric(id), sql.query, sql.every, sql.timeout, sql.database, sql.each_database};
}

TableRulesOptions table_rules_options(const RuleTable& table) {
  return {table.database, table.every, table.timeout};
}

}  // namespace pgvigil
