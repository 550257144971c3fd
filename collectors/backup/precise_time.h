#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace pgvigil {

// "2026-11-21T02:00:00.250000Z": RFC 3339 in UTC with microseconds, so that backups of the same second keep their
// order.
std::string format_precise_time(WallTime time);
std::optional<WallTime> parse_precise_time(std::string_view text);

}  // namespace pgvigil
