#include "alerts/lifecycle.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

namespace {

using LevelState = LifecycleState::LevelState;

// One run may miss a subject by chance, two in a row mean that it is gone.
constexpr int runs_until_gone = 2;

constexpr std::array<std::pair<std::string_view, Reason>, 5> reasons{{{"condition", Reason::condition},
                                                                      {"no_data", Reason::no_data},
                                                                      {"subject_gone", Reason::subject_gone},
                                                                      {"rule_removed", Reason::rule_removed},
                                                                      {"acknowledged", Reason::acknowledged}}};

Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

// True when the timer has run for `target`. It stops counting there, so that a state that lasts does not change.
bool tick(HoldTimer& timer, Truth truth, milliseconds time, milliseconds target) {
  if (truth == Truth::no) timer = {};
  if (truth == Truth::unknown) timer.running = false;
  if (truth != Truth::yes) return false;
  if (timer.running) timer.held = std::min(timer.held + time, target);
  timer.running = true;
  timer.started = true;
  return timer.held >= target;
}

milliseconds counted(milliseconds elapsed) {
  return elapsed < milliseconds(0) || elapsed > longest_gap ? milliseconds(0) : elapsed;
}

void set_active(LevelState& level, bool active) {
  level.active = active;
  level.rising = {};
  level.clearing = {};
}

// For another reason than the looks before: what they saw must not end it at once.
void activate_anew(LevelState& level) {
  level = {};
  level.active = true;
}

bool nothing_seen(const Observation& seen) {
  const auto unknown = [](const Observation::Condition& level) {
    return level.enters == Truth::unknown && level.stays == Truth::unknown;
  };
  return !seen.absent_in && std::all_of(seen.levels.begin(), seen.levels.end(), unknown);
}

// One look at one alert.
class Look {
 public:
  Look(const LifecycleState& before, const LifecyclePolicy& policy, const Observation& seen, milliseconds time)
      : before_(before), policy_(policy), seen_(seen), time_(time), missing_(nothing_seen(seen)), next_(before) {}

  Step take() {
    drop_levels_without_policy();
    count_absence();
    if (next_.absent_runs >= runs_until_gone) {
      next_.levels = {};
      next_.missing = {};
      reason_ = Reason::subject_gone;
    } else {
      look_at_levels();
    }
    forget_what_matters_no_more();
    next_.flaps =
        advance(std::move(next_.flaps), policy_.event ? FlappingPolicy{0, {}} : policy_.flapping, changes(), time_);
    return {next_, reason_};
  }

 private:
  milliseconds hold_for(Level level) const {
    return policy_.event ? milliseconds(0) : policy_.hold_for[index_of(level)].value_or(milliseconds(0));
  }
  milliseconds clear_for() const { return policy_.event ? policy_.resolve_after : policy_.clear_for; }
  bool has(Level level) const { return policy_.hold_for[index_of(level)].has_value(); }

  void drop_levels_without_policy() {
    for (const Level level : all_levels) {
      if (!has(level)) next_.levels[index_of(level)] = {};
    }
  }

  // What happened has happened: an event does not end because its subject is no more.
  void count_absence() {
    if (!seen_.absent_in || policy_.event) {
      next_.absent_runs = 0;
      next_.last_absent_run = 0;
    } else if (next_.absent_runs == 0 || next_.last_absent_run != *seen_.absent_in) {
      ++next_.absent_runs;
      next_.last_absent_run = *seen_.absent_in;
    }
  }

  void forget_what_matters_no_more() {
    if (policy_.no_data == NoData::ok && !open()) next_.missing = {};
    if (next_.levels != decltype(next_.levels){}) return;
    next_.absent_runs = 0;
    next_.last_absent_run = 0;
  }

  bool open() const {
    return std::any_of(next_.levels.begin(), next_.levels.end(),
                       [](const LevelState& level) { return level.active || level.rising.started; });
  }

  void look_at_levels() {
    count_missing();
    for (const Level level : all_levels) {
      if (has(level)) look_at(level);
    }
    take_lower_levels_along();
  }

  void count_missing() {
    const bool matters = policy_.no_data == NoData::fire || (policy_.no_data == NoData::ok && open());
    // The first look of a process: that nothing has been read yet says nothing about the source.
    if (!missing_ || !matters || time_ == milliseconds(0)) next_.missing = {};
    if (!missing_ || !matters) return;
    milliseconds longest = std::max(policy_.no_data_for, clear_for());
    for (const Level level : all_levels) longest = std::max(longest, hold_for(level));
    tick(next_.missing, Truth::yes, time_, longest);
  }

  void look_at(Level level) {
    LevelState& state = next_.levels[index_of(level)];
    const Observation::Condition condition = condition_of(level, state);
    if (policy_.event && seen_.acknowledged && state.active) {
      set_active(state, false);
      state.acknowledged = condition.enters != Truth::no;
      reason_ = Reason::acknowledged;
    } else if (state.acknowledged) {
      state.acknowledged = condition.enters != Truth::no;
    } else if (state.active) {
      if (tick(state.clearing, opposite(condition.stays), time_, clear_for())) set_active(state, false);
    } else if (tick(state.rising, condition.enters, time_, hold_for(level))) {
      set_active(state, true);
      reason_ = Reason::condition;
    }
    if (missing_) act_on_missing(level, state);
    if (!state.active && state.enters.trues == 0) state.enters = state.stays = {};
  }

  // What the level's condition counts as, after the looks before this one were taken into account.
  Observation::Condition condition_of(Level level, LevelState& state) const {
    Observation::Condition condition = seen_.levels[index_of(level)];
    if (policy_.event) {
      if (seen_.absent_in) condition.enters = Truth::no;
      condition.stays = condition.enters;
    }
    if (policy_.m_of_n) {
      const Truth enters = state.enters.add(condition.enters, *policy_.m_of_n);
      const Truth stays = state.stays.add(condition.stays, *policy_.m_of_n);
      // An alert does not end at a look that sees it.
      const bool doubtful = stays == Truth::no && condition.stays == Truth::yes;
      return {enters, doubtful ? Truth::unknown : stays};
    }
    state.enters = state.stays = {};
    return condition;
  }

  void act_on_missing(Level level, LevelState& state) {
    const auto lasted = [&](milliseconds time) { return next_.missing.held >= std::max(policy_.no_data_for, time); };
    if (!next_.missing.started) return;
    if (policy_.no_data == NoData::fire && !state.active && !state.acknowledged && lasted(hold_for(level))) {
      activate_anew(state);
      reason_ = Reason::no_data;
    } else if (policy_.no_data == NoData::ok && state.active && lasted(clear_for())) {
      set_active(state, false);
      reason_ = Reason::no_data;
    } else if (policy_.no_data == NoData::ok && !state.active && lasted(milliseconds(0))) {
      state.rising = {};
      state.acknowledged = false;
    }
  }

  // A critical alert is at least a warning: without this it would resolve when it stops being critical, although the
  // warning's own time has not come yet.
  void take_lower_levels_along() {
    LevelState& warning = next_.levels[index_of(Level::warning)];
    if (!has(Level::warning) || !next_.levels[index_of(Level::critical)].active) return;
    if (warning.active || warning.acknowledged) return;
    const Truth seen = seen_.levels[index_of(Level::warning)].enters;
    const bool began = !before_.levels[index_of(Level::critical)].active;
    if (seen == Truth::yes || (seen == Truth::unknown && began)) activate_anew(warning);
  }

  FlapLook changes() const {
    FlapLook look;
    look.known = !missing_;
    for (const Level level : all_levels) {
      const bool was = before_.levels[index_of(level)].active;
      const bool is = next_.levels[index_of(level)].active;
      look.began[index_of(level)] = is && !was;
      look.ended[index_of(level)] = was && !is;
    }
    return look;
  }

  const LifecycleState& before_;
  const LifecyclePolicy& policy_;
  const Observation& seen_;
  const milliseconds time_;
  const bool missing_;
  LifecycleState next_;
  Reason reason_ = Reason::condition;
};

// Ages in whole minutes.
LifecycleState coarse(LifecycleState state) {
  const auto round = [](milliseconds& age) { age = std::chrono::floor<std::chrono::minutes>(age); };
  for (auto& ages : state.flaps.ended) std::for_each(ages.begin(), ages.end(), round);
  round(state.flaps.calm);
  return state;
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
  return !firing() && (missing.started || std::any_of(levels.begin(), levels.end(), rising));
}

bool worth_saving(const LifecycleState& before, const LifecycleState& after) {
  return before != after && coarse(before) != coarse(after);
}

Step advance(const LifecycleState& state, const LifecyclePolicy& policy, const Observation& seen,
             milliseconds elapsed) {
  if (seen.rule_removed) return {{}, Reason::rule_removed};
  if (seen.source_removed) return {{}, Reason::subject_gone};
  return Look(state, policy, seen, counted(elapsed)).take();
}

}  // namespace pgvigil
