#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "alerts/expression.h"
#include "alerts/level.h"
#include "alerts/lifecycle.h"
#include "alerts/message_template.h"
#include "alerts/selector.h"
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

// One rule: which series it looks at, what is bad, for how long, and what to tell people. Immutable once it is decoded.
struct Rule {
  std::string id;
  Selector selector;
  std::array<std::optional<Threshold>, all_levels.size()> thresholds;  // a level without one does not exist
  LifecyclePolicy policy;
  Labels labels;  // added to the subject's labels in messages, no part of the alert's identity
  MessageTemplate summary;
  MessageTemplate description;
  std::string runbook;

  // What `value` means to every level of the rule.
  Observation observe(double value) const;
};

// Reads one entry of a list of rules. What is wrong is reported through the section; nullopt when there is no usable
// rule.
std::optional<Rule> decode_rule(Section& section);

// A name in lower-case letters, digits and hyphens, as rules and channels have.
bool is_identifier(std::string_view text);

}  // namespace pgvigil
