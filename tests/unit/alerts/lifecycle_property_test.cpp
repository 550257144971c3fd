#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "alerts/lifecycle.h"
#include "alerts/lifecycle_json.h"

namespace pgvigil {
namespace {

using std::chrono::minutes;

enum class Kind { fine, between, warning, critical, unknown, absent };

// One look as it is drawn; the model below reads a whole history of them.
struct DrawnLook {
  Kind kind = Kind::fine;
  milliseconds elapsed{0};  // zero: the first look of a process
  std::uint64_t run = 0;
  bool acknowledged = false;

  bool known() const { return kind != Kind::unknown; }
  Observation observation() const {
    Observation seen;
    seen.acknowledged = acknowledged;
    if (kind == Kind::absent) seen.absent_in = run;
    if (kind == Kind::absent || kind == Kind::unknown) return seen;
    const auto truth = [](bool yes) { return yes ? Truth::yes : Truth::no; };
    seen.levels[0] = {truth(kind >= Kind::warning), truth(kind >= Kind::between)};
    seen.levels[1] = {truth(kind == Kind::critical), truth(kind == Kind::critical)};
    return seen;
  }
};

Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

// A slow and plain statement of what the state machine promises: it keeps every look and counts anew each time.
class NaiveLevel {
 public:
  NaiveLevel(const LifecyclePolicy& policy, Level level) : policy_(policy), level_(level) {}

  bool active() const { return active_; }
  void set(bool active) {
    active_ = active;
    since_ = looks_.size();
  }
  // For another reason than what was seen: those looks mean nothing any more.
  void begin_anew(bool active) {
    answers_ = {};
    set(active);
  }

  void look(const DrawnLook& drawn) {
    Observation::Condition seen = drawn.observation().levels[index_of(level_)];
    if (policy_.m_of_n) {
      seen.enters = counts_as(seen.enters, answers_[0]);
      const Truth stays = counts_as(seen.stays, answers_[1]);
      seen.stays = stays == Truth::no && seen.stays == Truth::yes ? Truth::unknown : stays;
    }
    looks_.push_back({drawn, seen});
    const Truth wanted = active_ ? opposite(seen.stays) : seen.enters;
    const milliseconds target = active_ ? policy_.clear_for : *policy_.hold_for[index_of(level_)];
    if (wanted == Truth::yes && held() >= target) set(!active_);
    if (drawn.kind != Kind::unknown || policy_.no_data == NoData::keep) return;
    const bool fires = policy_.no_data == NoData::fire;
    const milliseconds wait = fires ? target : active_ ? policy_.clear_for : milliseconds(0);
    const bool decides = active_ != fires || !fires;  // `ok` also ends what was about to fire
    if (!decides || missing() < std::max(policy_.no_data_for, wait)) return;
    if (fires) {
      begin_anew(true);
    } else {
      set(false);
    }
  }

 private:
  struct Look {
    DrawnLook drawn;
    Observation::Condition seen;
  };

  Truth counts_as(Truth seen, std::deque<bool>& answers) const {
    if (seen == Truth::unknown) return seen;
    answers.push_back(seen == Truth::yes);
    if (std::ssize(answers) > policy_.m_of_n->n) answers.pop_front();
    const auto yes = std::count(answers.begin(), answers.end(), true);
    if (yes >= policy_.m_of_n->m) return Truth::yes;
    // Those that are still to come, if all of them were true.
    const auto open = policy_.m_of_n->n - std::ssize(answers);
    return yes + open >= policy_.m_of_n->m ? Truth::unknown : Truth::no;
  }

  // How long what changes the level was seen, since it was seen otherwise.
  milliseconds held() const {
    milliseconds sum{0};
    const auto wanted = [&](const Look& look) { return active_ ? opposite(look.seen.stays) : look.seen.enters; };
    for (std::size_t i = looks_.size() - 1; i >= since_ && wanted(looks_[i]) != Truth::no; --i) {
      if (i == since_) break;
      if (wanted(looks_[i]) == Truth::yes && wanted(looks_[i - 1]) == Truth::yes) sum += looks_[i].drawn.elapsed;
    }
    return sum;
  }

  milliseconds missing() const {
    milliseconds sum{0};
    for (std::size_t i = looks_.size() - 1; i > 0; --i) {
      if (looks_[i].drawn.elapsed == milliseconds(0) || looks_[i - 1].drawn.kind != Kind::unknown) break;
      sum += looks_[i].drawn.elapsed;
    }
    return sum;
  }

  const LifecyclePolicy& policy_;
  Level level_;
  bool active_ = false;
  std::size_t since_ = 0;  // the first look after the last change
  std::vector<Look> looks_;
  std::array<std::deque<bool>, 2> answers_;
};

class NaiveAlert {
 public:
  explicit NaiveAlert(const LifecyclePolicy& policy) : policy_(policy) {}

  void look(const DrawnLook& drawn) {
    const bool before[] = {levels_[0].active(), levels_[1].active()};
    if (drawn.kind != Kind::absent) absent_ = 0;
    if (drawn.kind == Kind::absent && (absent_ == 0 || absent_run_ != drawn.run)) {
      ++absent_;
      absent_run_ = drawn.run;
    }
    for (NaiveLevel& level : levels_) level.look(drawn);
    if (levels_[1].active() && !levels_[0].active()) {
      const Truth seen = drawn.observation().levels[0].enters;
      if (seen == Truth::yes || (!before[1] && seen == Truth::unknown)) levels_[0].begin_anew(true);
    }
    if (absent_ >= 2) {
      for (NaiveLevel& level : levels_) level.begin_anew(false);
    }
    count_flaps(drawn, before);
  }

  std::optional<Level> firing() const {
    if (levels_[1].active()) return Level::critical;
    return levels_[0].active() ? std::optional(Level::warning) : std::nullopt;
  }
  bool flapping() const { return flapping_; }

 private:
  // By a clock of its own, which counts between two looks that both knew something.
  void count_flaps(const DrawnLook& drawn, const bool (&before)[2]) {
    if (drawn.known() && saw_) now_ += drawn.elapsed;
    saw_ = drawn.known();
    for (std::size_t i = 0; i < 2; ++i) {
      if (before[i] != levels_[i].active()) last_change_ = now_;
      if (before[i] && !levels_[i].active()) ends_[i].push_back(now_);
    }
    if (flapping_ && now_ - last_change_ >= policy_.flapping.window / 2) {
      flapping_ = false;
      ends_ = {};
    }
    for (const auto& ends : ends_) {
      const auto recent = [&](milliseconds end) { return now_ - end <= policy_.flapping.window; };
      if (std::count_if(ends.begin(), ends.end(), recent) >= policy_.flapping.cycles) flapping_ = true;
    }
  }

  const LifecyclePolicy& policy_;
  std::array<NaiveLevel, 2> levels_{NaiveLevel(policy_, Level::warning), NaiveLevel(policy_, Level::critical)};
  int absent_ = 0;
  std::uint64_t absent_run_ = 0;
  bool saw_ = false;
  milliseconds now_{0};
  milliseconds last_change_{0};
  std::array<std::vector<milliseconds>, 2> ends_;
  bool flapping_ = false;
};

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  template <typename Value>
  Value one_of(const std::vector<Value>& values) {
    return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))];
  }

  LifecyclePolicy policy() {
    const std::vector<milliseconds> holds{seconds(0), seconds(10), seconds(30)};
    LifecyclePolicy policy{{one_of(holds), one_of(holds)}, one_of(holds), NoData(below(3)), seconds(10 * below(4))};
    if (below(2) == 0) {
      const int n = 1 + below(7);
      policy.m_of_n = MOfN{1 + below(n), n};
    }
    policy.flapping = {2 + below(3), minutes(2 + below(5))};
    return policy;
  }

  // Mostly what it was before, so that holding times are reached.
  void next(DrawnLook& look) {
    if (below(3) == 0) look.kind = Kind(below(6));
    if (below(2) == 0) ++look.run;
    look.elapsed = below(25) == 0 ? milliseconds(0) : one_of<milliseconds>({seconds(5), seconds(10), seconds(11)});
    look.acknowledged = below(20) == 0;
  }

 private:
  std::mt19937 random_;
};

void make_some_events(Dice& dice, LifecyclePolicy& policy) {
  policy.event = dice.below(3) == 0;
  if (policy.event) policy.m_of_n.reset();
}

LifecycleState stored(const LifecycleState& state) {
  return lifecycle_from(Json::parse(to_json(state).dump()));
}

constexpr unsigned histories = 700;
constexpr int looks_each = 100;

// Levels, resolves and flapping are those of the model, look by look: so nothing that was seen true for its time is
// lost, nothing fires twice, nothing ends that was not seen to end.
TEST(LifecycleProperties, TheStateMachineIsWhatTheWholeHistorySays) {
  for (unsigned seed = 0; seed < 3 * histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    const LifecyclePolicy policy = dice.policy();
    NaiveAlert model(policy);
    LifecycleState state;
    DrawnLook look;
    for (int i = 0; i < looks_each && !HasFailure(); ++i) {
      dice.next(look);
      model.look(look);
      state = advance(state, policy, look.observation(), look.elapsed).next;
      ASSERT_EQ(state.firing(), model.firing()) << "seed " << seed << ", look " << i;
      ASSERT_EQ(state.flapping(), model.flapping()) << "seed " << seed << ", look " << i;
    }
  }
}

// That a level rose or fell for `reason` is something this look can have shown.
void expect_seen(Reason reason, bool fell, const DrawnLook& look, const LifecyclePolicy& policy) {
  switch (reason) {
    case Reason::no_data:
      EXPECT_EQ(look.kind, Kind::unknown);
      EXPECT_EQ(policy.no_data, fell ? NoData::ok : NoData::fire);
      break;
    case Reason::subject_gone: EXPECT_TRUE(fell && look.kind == Kind::absent && !policy.event); break;
    case Reason::acknowledged: EXPECT_TRUE(fell && policy.event && look.acknowledged); break;
    case Reason::rule_removed: ADD_FAILURE() << "nobody removed it"; break;
    case Reason::condition: EXPECT_TRUE(look.known()); EXPECT_NE(look.kind, fell ? Kind::critical : Kind::absent);
  }
}

TEST(LifecycleProperties, NothingEndsWithoutAReasonThatWasSeen) {
  for (unsigned seed = 0; seed < histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    LifecyclePolicy policy = dice.policy();
    make_some_events(dice, policy);
    LifecycleState state;
    DrawnLook look;
    for (int i = 0; i < looks_each && !HasFailure(); ++i) {
      dice.next(look);
      const Step step = advance(state, policy, look.observation(), look.elapsed);
      const auto before = std::exchange(state, step.next).firing();
      if (state.firing() == before) continue;
      SCOPED_TRACE("seed " + std::to_string(seed) + ", look " + std::to_string(i));
      expect_seen(step.reason, state.firing() < before, look, policy);
    }
  }
}

TEST(LifecycleProperties, WhatIsStoredAndReadAtAnyLookIsTheSame) {
  for (unsigned seed = 0; seed < histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    LifecyclePolicy policy = dice.policy();
    make_some_events(dice, policy);
    LifecycleState state;
    DrawnLook look;
    for (int i = 0; i < looks_each && !HasFailure(); ++i) {
      dice.next(look);
      state = advance(state, policy, look.observation(), look.elapsed).next;
      ASSERT_EQ(stored(state), state) << "seed " << seed << ", look " << i << ": " << to_json(state).dump();
    }
  }
}

// What is seen at both ends of a look was so in between: to look twice as often changes nothing but the number of looks
// (which is what m of n counts).
TEST(LifecycleProperties, TwoLooksOfFiveSecondsAreOneOfTen) {
  for (unsigned seed = 0; seed < histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    LifecyclePolicy policy = dice.policy();
    policy.m_of_n.reset();
    make_some_events(dice, policy);
    LifecycleState once;
    LifecycleState twice;
    DrawnLook look;
    Kind before = look.kind;
    for (int i = 0; i < looks_each && !HasFailure(); ++i) {
      dice.next(look);
      look.acknowledged = false;
      const bool steady = look.kind == before && look.kind != Kind::absent && look.elapsed > seconds(0);
      before = look.kind;
      once = advance(once, policy, look.observation(), look.elapsed).next;
      const milliseconds half = steady ? look.elapsed / 2 : milliseconds(0);
      if (steady) twice = advance(twice, policy, look.observation(), half).next;
      twice = advance(twice, policy, look.observation(), look.elapsed - half).next;
      ASSERT_EQ(once.firing(), twice.firing()) << "seed " << seed << ", look " << i;
    }
  }
}

TEST(LifecycleProperties, WithoutDataNoLevelChangesWhateverTimePasses) {
  for (unsigned seed = 0; seed < histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    LifecyclePolicy policy = dice.policy();
    policy.no_data = NoData::keep;
    make_some_events(dice, policy);
    LifecycleState state;
    DrawnLook look;
    for (int i = 0; i < 40; ++i) {
      dice.next(look);
      state = advance(state, policy, look.observation(), look.elapsed).next;
    }
    const auto before = state.firing();
    for (int i = 0; i < 40; ++i) state = advance(state, policy, {}, seconds(dice.below(600))).next;
    EXPECT_EQ(state.firing(), before) << "seed " << seed;
  }
}

// A clock that goes back, or a machine that slept: what lies between the two looks was not seen, no more and no less.
TEST(LifecycleProperties, AJumpOfTheClockIsAStartOfTheAgent) {
  const std::vector<milliseconds> jumps{std::chrono::hours(-24), std::chrono::hours(24), milliseconds(-1),
                                        longest_gap + milliseconds(1)};
  for (unsigned seed = 0; seed < histories && !HasFailure(); ++seed) {
    Dice dice(seed);
    LifecyclePolicy policy = dice.policy();
    make_some_events(dice, policy);
    LifecycleState state;
    DrawnLook look;
    for (int i = 0; i < looks_each && !HasFailure(); ++i) {
      dice.next(look);
      const Step jumped = advance(state, policy, look.observation(), dice.one_of(jumps));
      const Step started = advance(state, policy, look.observation(), milliseconds(0));
      ASSERT_EQ(jumped.next, started.next) << "seed " << seed << ", look " << i;
      state = dice.below(5) == 0 ? jumped.next : advance(state, policy, look.observation(), look.elapsed).next;
    }
  }
}

}  // namespace
}  // namespace pgvigil
