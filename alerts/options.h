#pragma once

#include <string>
#include <vector>

#include "alerts/channel_options.h"
#include "alerts/evaluator.h"
#include "alerts/routing/routing_options.h"
#include "alerts/rule.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The section `alerts` of the configuration, with the rules of all its sources.
struct AlertOptions {
  milliseconds interval{10'000};
  std::string instance;  // the watched server's name in messages; the host's name by default
  std::vector<Rule> rules;
  std::vector<ChannelOptions> channels;
  RoutingOptions routing;

  // `tasks`: the names of all tasks whose snapshots the rules will see.
  Evaluator::Setup evaluator_setup(std::set<std::string> tasks = {}) const;

  std::vector<ChannelPolicy> policies() const;
};

// Reads `alerts` of the configuration's root (absent: the defaults), the built-in rules and the rule files it names.
// Rules of the section and of the files replace built-in ones with the same id. What is wrong is reported through the
// section.
AlertOptions decode_alerts(Section& root);

}  // namespace pgvigil
