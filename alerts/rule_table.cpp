#include "alerts/rule_table.h"

namespace pgvigil {

RuleTable decode_rule_table(Section& table) {
  RuleTable options;
  options.database = table.text("database");
  options.every = table.duration("every", options.every, seconds(1), std::chrono::hours(24));
  options.timeout = table.duration("timeout", options.timeout, milliseconds(100), std::chrono::minutes(1));
  table.finish();
  return options;
}

}  // namespace pgvigil
