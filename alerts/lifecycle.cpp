#include "alerts/lifecycle.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

namespace {

// One run may miss a subject by chance, two in a row mean that it is gone.
constexpr int runs_until_gone = 2;

constexpr std::array<std::pair<std::string_view, Reason>, 4> reasons{{{"condition", Reason::condition},
                                                                      {"no_data", Reason::no_data},
                                                                      {"subject_gone", Reason::subject_gone},
                                                                      {"rule_removed", Reason::rule_removed}}};

// True when the timer has run for `target`. It stops counting there, so that a state that lasts does not change.
bool tick(HoldTimer& timer, Truth truth, milliseconds elapsed, milliseconds target) {
  if (truth == Truth::no) timer = {};
  if (truth == Truth::unknown) timer.running = false;
  if (truth != Truth::yes) return false;
  if (timer.running) timer.held = std::min(timer.held + elapsed, target);
  timer.running = true;
  timer.started = true;
  return timer.held >= target;
}

Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

struct Targets {
  milliseconds rise;
  milliseconds clear;
};

void advance_level(LifecycleState::LevelState& level, const Observation::Condition& seen, const Targets& targets,
                   milliseconds elapsed) {
  if (level.active) {
    if (tick(level.clearing, opposite(seen.stays), elapsed, targets.clear)) level = {};
  } else if (tick(level.rising, seen.enters, elapsed, targets.rise)) {
    level = {true, {}, {}};
  }
}

void count_absence(LifecycleState& state, const Observation& seen) {
  if (!seen.absent_in) {
    state.absent_runs = 0;
    state.last_absent_run = 0;
  } else if (state.absent_runs == 0 || state.last_absent_run != *seen.absent_in) {
    ++state.absent_runs;
    state.last_absent_run = *seen.absent_in;
  }
}

bool nothing_seen(const Observation& seen) {
  return !seen.absent_in &&
         std::all_of(seen.levels.begin(), seen.levels.end(), [](const Observation::Condition& level) {
           return level.enters == Truth::unknown && level.stays == Truth::unknown;
         });
}

// A critical alert is at least a warning: without this it would resolve when it stops being critical, although the
// warning's own time has not come yet.
void take_lower_levels_along(LifecycleState& state, const LifecyclePolicy& policy, const Observation& seen) {
  auto& warning = state.levels[index_of(Level::warning)];
  const auto& critical = state.levels[index_of(Level::critical)];
  if (!critical.active || warning.active || !policy.hold_for[index_of(Level::warning)]) return;
  if (seen.levels[index_of(Level::warning)].enters != Truth::no) warning = {true, {}, {}};
}

}  // namespace

std::string_view to_string(Reason reason) {
  for (const auto& [name, value] : reasons) {
    if (value == reason) return name;
  }
  return "condition";
}

std::optional<Reason> parse_reason(std::string_view text) {
  for (const auto& [name, value] : reasons) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::optional<Level> LifecycleState::firing() const {
  if (levels[index_of(Level::critical)].active) return Level::critical;
  if (levels[index_of(Level::warning)].active) return Level::warning;
  return std::nullopt;
}

bool LifecycleState::pending() const {
  const auto rising = [](const LevelState& level) { return level.rising.started; };
  return !firing() && std::any_of(levels.begin(), levels.end(), rising);
}

Step advance(const LifecycleState& state, const LifecyclePolicy& policy, const Observation& seen,
             milliseconds elapsed) {
  if (seen.rule_removed) return {{}, Reason::rule_removed};
  if (seen.source_removed) return {{}, Reason::subject_gone};
  LifecycleState next = state;
  count_absence(next, seen);
  if (next.absent_runs >= runs_until_gone) return {{}, Reason::subject_gone};

  const bool assumed = nothing_seen(seen) && policy.no_data != NoData::keep;
  const Truth assumption = policy.no_data == NoData::fire ? Truth::yes : Truth::no;
  for (const Level level : all_levels) {
    const auto& hold_for = policy.hold_for[index_of(level)];
    auto& current = next.levels[index_of(level)];
    if (!hold_for) {
      current = {};
      continue;
    }
    Targets targets{*hold_for, policy.clear_for};
    Observation::Condition condition = seen.levels[index_of(level)];
    if (assumed) {
      condition = {assumption, assumption};
      targets = {std::max(targets.rise, no_data_hold), std::max(targets.clear, no_data_hold)};
    }
    advance_level(current, condition, targets, elapsed);
  }
  take_lower_levels_along(next, policy, seen);
  return {next, assumed ? Reason::no_data : Reason::condition};
}

}  // namespace pgvigil
