#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "alerts/level.h"
#include "alerts/truth.h"
#include "core/clock.h"

namespace pgvigil {

// What missing data means to a rule.
enum class NoData {
  keep,  // nothing is decided until there is data again
  fire,  // the condition counts as true
  ok,    // the condition counts as false
};

// Missing data must last this long before `fire` or `ok` acts on it, so that a start of the agent, when nothing has
// been read yet, neither fires nor resolves anything.
constexpr milliseconds no_data_hold{60'000};

// What a rule says about time; a level without an entry does not exist in the rule.
struct LifecyclePolicy {
  std::array<std::optional<milliseconds>, all_levels.size()> hold_for;  // how long a condition is true before it fires
  milliseconds clear_for{0};                                            // how long it is false before it resolves
  NoData no_data = NoData::keep;
};

// What one evaluation saw of one subject. Made by the functions below.
struct Observation {
  struct Condition {
    Truth enters = Truth::unknown;  // beyond the threshold
    Truth stays = Truth::unknown;   // not back beyond the clear threshold; true whenever `enters` is
  };
  std::array<Condition, all_levels.size()> levels;
  bool rule_removed = false;
  std::optional<std::uint64_t> absent_in;  // the run of the source that ended well and did not report the subject
  bool source_removed = false;             // nothing will ever report the subject again
};

// How long something has been true, counted over the times at which somebody looked: time that nobody saw (no data, the
// agent not running) does not count, and does not reset the count either.
struct HoldTimer {
  milliseconds held{0};
  bool running = false;  // true at the last look
  bool started = false;  // true once and never false since
  bool operator==(const HoldTimer&) const = default;
};

// All that is remembered of one alert between two evaluations, and across restarts.
struct LifecycleState {
  struct LevelState {
    bool active = false;
    HoldTimer rising;    // towards active
    HoldTimer clearing;  // towards inactive
    bool operator==(const LevelState&) const = default;
  };
  std::array<LevelState, all_levels.size()> levels;
  int absent_runs = 0;  // consecutive runs of the source that did not report the subject
  std::uint64_t last_absent_run = 0;

  std::optional<Level> firing() const;  // the highest active level
  bool pending() const;                 // not firing, but on its way
  bool operator==(const LifecycleState&) const = default;
};

enum class Reason { condition, no_data, subject_gone, rule_removed };

std::string_view to_string(Reason reason);
std::optional<Reason> parse_reason(std::string_view text);

struct Step {
  LifecycleState next;
  Reason reason = Reason::condition;  // why the level changed, if it did
};

// The state machine of an alert: ok → pending → firing(level) → ok. A pure function; `elapsed` is the time since the
// evaluation before this one in the same process, zero for the first.
// - A condition fires when it was seen true for `hold_for`; a higher level takes the lower one with it, so that an
// alert
//   falls from critical to warning and not to ok.
// - It resolves when it was seen false (against the clear threshold) for `clear_for`; unknown resolves nothing.
// - It ends when two consecutive runs of its source did not report the subject, or when its rule is gone.
Step advance(const LifecycleState& state, const LifecyclePolicy& policy, const Observation& seen, milliseconds elapsed);

}  // namespace pgvigil
