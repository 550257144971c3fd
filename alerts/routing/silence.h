#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "alerts/level.h"
#include "alerts/routing/matchers.h"
#include "core/clock.h"

namespace pgvigil {

// Somebody's wish not to be told of some alerts for a while. It always ends by itself.
struct Silence {
  std::int64_t id = 0;
  Matchers match;
  std::string author;
  std::string reason;
  std::optional<WallTime> starts;  // at once when it is not set
  WallTime ends;
  WallTime created;

  bool active(WallTime now) const { return (!starts || *starts <= now) && now < ends; }
};

// Somebody has taken on one alert: it is not repeated and not told anew at `level` or a lower one until it is over or
// the acknowledgement ends. A higher level is told.
struct Acknowledgement {
  std::string alert;  // its identity
  Level level = Level::warning;
  std::string author;
  std::string reason;
  WallTime ends;
  WallTime created;

  bool covers(Level now_at, WallTime now) const { return now_at <= level && now < ends; }
};

}  // namespace pgvigil
