#pragma once

#include <bitset>
#include <chrono>
#include <string>

#include "core/clock.h"
#include "core/time_zone.h"
#include "core/yaml_section.h"

namespace pgvigil {

// A window of the week in which a route tells nobody anything new. It begins on each of its days at `from` and ends at
// the next `to`: from 18:00 to 08:00 runs past midnight into a day that need not be among its days. What the clocks on
// the wall show decides, so that a window is an hour shorter or longer when they are changed.
struct MuteTime {
  std::string name;
  std::bitset<7> days;  // by std::chrono::weekday::c_encoding(): Sunday is 0
  std::chrono::minutes from{0};
  std::chrono::minutes to{24 * 60};
  TimeZone zone = TimeZone::find("UTC");

  bool active(WallTime now) const;
};

// Reads one entry of alerts.mute_times; what is wrong is reported through the section.
MuteTime decode_mute_time(Section& section);

}  // namespace pgvigil
