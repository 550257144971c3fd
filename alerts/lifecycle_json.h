#pragma once

#include "alerts/lifecycle.h"
#include "core/json.h"

// How what is remembered of an alert is written into the local store.
namespace pgvigil {

// What is as in a new state is left out.
Json to_json(const LifecycleState& state);

// Reads what to_json wrote, also in an older version of the program: what it did not know is as in a new state. A value
// that no version writes is one within the limits, never an error: an alert must not be lost.
LifecycleState lifecycle_from(const Json& json);

}  // namespace pgvigil
