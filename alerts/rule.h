#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "alerts/comparison.h"
#include "alerts/level.h"
#include "alerts/lifecycle.h"
#include "alerts/message_template.h"
#include "alerts/promql/expression.h"
#include "alerts/promql/value.h"
#include "alerts/selector.h"
#include "alerts/sql_rule.h"
#include "core/yaml_section.h"

namespace pgvigil {

// When a value is bad enough for a level, and when it is good again.
struct Threshold {
  Comparison enters = Comparison::greater;
  double bound = 0;
  Comparison stays = Comparison::greater;  // the same comparison with the clear threshold
  double clear_bound = 0;

  Observation::Condition judge(double value) const {
    return {compare(value, enters, bound), compare(value, stays, clear_bound)};
  }
};

// One rule: what it looks at, what is bad, for how long, and what to tell people. Immutable once it is decoded.
struct Rule {
  std::string id;
  std::string place;  // FILE:LINE:COLUMN
  promql::Expression expression;
  std::optional<SqlRule> sql;  // a query whose rows are what `expression` then speaks of
  // The expression is a value, which thresholds judge (a level without one does not exist), or, when `condition` is
  // set, a condition: its subjects are those for which it holds.
  std::array<std::optional<Threshold>, all_levels.size()> thresholds;
  std::optional<Level> condition;
  LifecyclePolicy policy;
  Labels labels;  // added to the subject's labels in messages, no part of the alert's identity
  MessageTemplate summary;
  MessageTemplate description;
  std::string runbook;

  // What an element of the expression's result means to every level of the rule.
  Observation observe(const promql::Element& element) const;
  // Of a condition: whether it holds for a subject.
  Observation observe(Truth holds) const;
};

// Reads one entry of a list of rules. What is wrong is reported through the section; nullopt when there is no usable
// rule.
std::optional<Rule> decode_rule(Section& section);

// A name in lower-case letters, digits and hyphens, as rules and channels have.
bool is_identifier(std::string_view text);

}  // namespace pgvigil
