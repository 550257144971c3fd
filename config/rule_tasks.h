#pragma once

#include <string>

#include "alerts/rule_table.h"
#include "alerts/sql_rule.h"
#include "collectors/rule_query.h"
#include "collectors/table_rules/table_rules_task.h"

// What rules say of SQL, in the words of the collectors that run it: alerts and collectors do not know each other.
namespace pgvigil {

// Of the rule with this id.
RuleQuery rule_query(const std::string& id, const SqlRule& sql);

TableRulesOptions table_rules_options(const RuleTable& table);

}  // namespace pgvigil
