#pragma once

#include <string>
#include <vector>

#include "alerts/rule.h"

namespace pgvigil {

// The rules as a file of alerting rules for Prometheus 2.42 and later: one alert a level, which says the same in the
// same words. What Prometheus cannot do is left out, and said in a comment: clear thresholds (a level ends where it
// begins), m of n, data that is missing as a reason to fire.
std::string prometheus_rules(const std::vector<Rule>& rules);

}  // namespace pgvigil
