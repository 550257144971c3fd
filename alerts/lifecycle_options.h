#pragma once

#include "alerts/lifecycle.h"
#include "core/yaml_section.h"

namespace pgvigil {

// Reads what a rule's entry says about time: clear_for, no_data, no_data_for, m_of_n, type: event with resolve_after,
// flapping. The levels' holding times are read by decode_hold_for, because they stand where the levels stand. What is
// wrong is reported through the section.
//
//   clear_for: 2m
//   no_data: fire            # keep | fire | ok
//   no_data_for: 5m
//   m_of_n: 3/5
//   flapping: { cycles: 4, window: 1h }        # or off
//
//   type: event
//   resolve_after: 1h
LifecyclePolicy decode_lifecycle(Section& rule);

// Reads `for` of a level's map, or of the rule's entry when its condition has no thresholds.
milliseconds decode_hold_for(Section& section, const LifecyclePolicy& policy);

}  // namespace pgvigil
