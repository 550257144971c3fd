#pragma once

#include <array>
#include <vector>

#include "alerts/level.h"
#include "core/clock.h"

namespace pgvigil {

// When an alert that comes and goes is called flapping, so that people are told once and not at every change.
struct FlappingPolicy {
  static constexpr int most_cycles = 100;
  int cycles = 4;  // so many times one level began and ended within the window; 0: never
  milliseconds window{std::chrono::hours(1)};
  bool operator==(const FlappingPolicy&) const = default;
};

// What an alert remembers of its changes. A value, part of an alert's state. Its time is counted over looks that knew
// something: what nobody saw was not calm.
struct FlapMemory {
  std::array<std::vector<milliseconds>, all_levels.size()> ended;  // how long ago each level ended, oldest first
  milliseconds calm{0};                                            // since the last change of any level
  bool seeing = false;                                             // the last look knew something
  bool flapping = false;

  bool operator==(const FlapMemory&) const = default;
};

// What one look saw and changed.
struct FlapLook {
  std::array<bool, all_levels.size()> began{};
  std::array<bool, all_levels.size()> ended{};
  bool known = false;
};

// `elapsed`: since the look before this one. Begins to flap at the policy's number of cycles; is calm again after half
// a window without a change, and then starts anew.
FlapMemory advance(FlapMemory memory, const FlappingPolicy& policy, const FlapLook& look, milliseconds elapsed);

}  // namespace pgvigil
