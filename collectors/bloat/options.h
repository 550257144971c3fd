#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/yaml_section.h"

namespace pgvigil {

// What the search for bloat may cost, and what it looks at.
struct BloatOptions {
  std::int64_t floor_bytes = 16LL << 20;             // smaller relations are counted, not judged
  std::int64_t read_bytes_an_hour = 1LL << 30;       // for confirmations, over all databases; 0 turns them off
  int confirmations_a_visit = 4;                     // a visit to a database must end
  milliseconds confirmation_timeout{10000};          // of one
  milliseconds query_timeout{10000};                 // of what reads the catalogs
  milliseconds valid_for = std::chrono::hours(168);  // after this a confirmation is not served any more
};

// Reads `floor` and `read_an_hour` (sizes).
BloatOptions decode_bloat(Section& section);

}  // namespace pgvigil
