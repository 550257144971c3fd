#pragma once

#include <string>
#include <vector>

namespace pgvigil {

// The tables of Outbox, step by step. Rows of the first form (one row a message, about one alert) become rows of the
// present one; the newest of an alert and level stays.
const std::vector<std::string>& outbox_schema();

}  // namespace pgvigil
