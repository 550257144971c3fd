#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "collectors/cron.h"
#include "core/clock.h"
#include "core/yaml_section.h"

namespace pgvigil {

// Every `period`, at a phase of its own that is stable for a name, so that tasks of one period do not start together.
struct Interval {
  milliseconds period;
};

// At the times of a calendar, in a time zone.
struct Calendar {
  Cron cron;
};

using Schedule = std::variant<Interval, Calendar>;

// Reads `key` ("every 15s", "@daily", "0 2 * * *") with `timezone` beside it (an IANA name). A calendar that never
// comes is a problem like any other that is reported.
std::optional<Schedule> decode_schedule(Section& section, std::string_view key,
                                        const std::string& default_timezone = "UTC");

std::string describe(const Schedule& schedule);

}  // namespace pgvigil
