#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "alerts/flapping.h"
#include "alerts/level.h"
#include "alerts/look_window.h"
#include "alerts/truth.h"
#include "core/clock.h"

namespace pgvigil {

// What missing data means to a rule.
enum class NoData {
  keep,  // nothing is decided until there is data again
  fire,  // the condition counts as true
  ok,    // the condition counts as false
};

// What a rule says about time; a level without an entry does not exist in the rule. Decoded by lifecycle_options.h.
struct LifecyclePolicy {
  std::array<std::optional<milliseconds>, all_levels.size()> hold_for;  // how long a condition is true before it fires
  milliseconds clear_for{0};                                            // how long it is false before it resolves
  NoData no_data = NoData::keep;
  // Missing data must last this long before `fire` or `ok` acts on it, so that a source that is late once does neither.
  milliseconds no_data_for{60'000};
  std::optional<MOfN> m_of_n = {};  // none: every look counts by itself
  // An event opens when it is seen, whatever hold_for and clear_for say, and stays open until it was not seen for
  // resolve_after or somebody acknowledged it.
  bool event = false;
  milliseconds resolve_after{std::chrono::hours(1)};
  FlappingPolicy flapping = {};
};

// What one look saw of one subject.
struct Observation {
  struct Condition {
    Truth enters = Truth::unknown;  // beyond the threshold
    Truth stays = Truth::unknown;   // not back beyond the clear threshold; true whenever `enters` is
  };
  std::array<Condition, all_levels.size()> levels;
  bool rule_removed = false;
  std::optional<std::uint64_t> absent_in;  // the run of the source that ended well and did not report the subject
  bool source_removed = false;             // nothing will ever report the subject again
  // Somebody acknowledged the event that is open now; means nothing to an alert that is no event, or not open.
  bool acknowledged = false;
};

// How long something has been true, counted over the times at which somebody looked: time that nobody saw (no data, the
// agent not running) does not count, and does not reset the count either.
struct HoldTimer {
  milliseconds held{0};
  bool running = false;  // true at the last look
  bool started = false;  // true once and never false since
  bool operator==(const HoldTimer&) const = default;
};

// All that is remembered of one alert between two looks, and across restarts (lifecycle_json.h).
struct LifecycleState {
  struct LevelState {
    bool active = false;
    HoldTimer rising;    // towards active
    HoldTimer clearing;  // towards inactive
    LookWindow enters;   // of a rule with m_of_n
    LookWindow stays;
    bool acknowledged = false;  // an event that was closed by hand and is still seen: it opens again after it was not
    bool operator==(const LevelState&) const = default;
  };
  std::array<LevelState, all_levels.size()> levels;
  int absent_runs = 0;  // consecutive runs of the source that did not report the subject
  std::uint64_t last_absent_run = 0;
  HoldTimer missing;  // data, where the rule acts on that
  FlapMemory flaps;

  std::optional<Level> firing() const;  // the highest active level
  bool pending() const;                 // not firing, but on its way
  bool flapping() const { return flaps.flapping; }
  // Nothing to remember: an alert that neither fires nor is pending, and may be forgotten. One that is not settled must
  // be kept although people do not see it: it may be flapping.
  bool settled() const { return *this == LifecycleState{}; }
  bool operator==(const LifecycleState&) const = default;
};

// Whether the step from one state to the other has to be stored. That what flapping remembers grows older is not worth
// a write at every look: once a minute.
bool worth_saving(const LifecycleState& before, const LifecycleState& after);

enum class Reason { condition, no_data, subject_gone, rule_removed, acknowledged };

std::string_view to_string(Reason reason);
std::optional<Reason> parse_reason(std::string_view text);

struct Step {
  LifecycleState next;
  Reason reason = Reason::condition;  // why the level changed, if it did
};

// Looks that are further apart than this count as if the agent had been started in between: the machine slept, or the
// process was stopped. The longest interval of evaluations is ten minutes.
constexpr milliseconds longest_gap = std::chrono::minutes(15);

// The state machine of an alert: ok → pending → firing(level) → ok. A pure function; `elapsed` is the time since the
// look before this one in the same process by the monotonic clock, zero for the first one.
// - A condition fires when it was seen true for `hold_for`; a higher level takes the lower one with it, so that an
//   alert falls from critical to warning and not to ok.
// - It resolves when it was seen false (against the clear threshold) for `clear_for`; unknown resolves nothing.
// - It ends when two consecutive runs of its source did not report the subject, or when its rule is gone.
Step advance(const LifecycleState& state, const LifecyclePolicy& policy, const Observation& seen, milliseconds elapsed);

}  // namespace pgvigil
