#pragma once

#include <optional>

#include "alerts/alert.h"
#include "core/json.h"

// How the parts of alerts and notifications are written into the local store.
namespace pgvigil {

Json to_json(const Labels& labels);
Labels labels_from(const Json& json);

Json to_json(const Announcement& announcement);
Announcement announcement_from(const Json& json);

Json to_json(std::optional<double> value);  // infinities, which JSON lacks, as texts
std::optional<double> value_from(const Json& json);

Json to_json(WallTime time);
WallTime time_from(const Json& json);

}  // namespace pgvigil
