#pragma once

#include <string>
#include <vector>

#include "alerts/routing/incident.h"
#include "core/json.h"

// How the parts of incidents are written into the local store.
namespace pgvigil {

Json member_json(const Incident::Member& member);
Incident::Member member_from(const Json& json);

Json texts_json(const std::vector<std::string>& texts);
std::vector<std::string> texts_from(const Json& json);

}  // namespace pgvigil
