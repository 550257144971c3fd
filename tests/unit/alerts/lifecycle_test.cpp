#include "alerts/lifecycle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgvigil {
namespace {

using std::chrono::minutes;

// Words for tests that read as histories. Every observation comes ten seconds after the one before it.
constexpr seconds tick{10};

Observation::Condition condition(bool enters, bool stays) {
  return {enters ? Truth::yes : Truth::no, stays ? Truth::yes : Truth::no};
}

Observation fine() {
  return {{condition(false, false), condition(false, false)}, false, {}};
}
Observation warning() {
  return {{condition(true, true), condition(false, false)}, false, {}};
}
Observation critical() {
  return {{condition(true, true), condition(true, true)}, false, {}};
}
// Below the warning threshold, but not below its clear threshold.
Observation almost_fine() {
  return {{condition(false, true), condition(false, false)}, false, {}};
}
Observation no_data() {
  return {};
}
Observation absent_in_run(std::uint64_t run) {
  return {{}, false, run};
}
Observation rule_removed() {
  return {{}, true, {}};
}
Observation source_removed() {
  Observation seen;
  seen.source_removed = true;
  return seen;
}
Observation acknowledged(Observation seen) {
  seen.acknowledged = true;
  return seen;
}

class History {
 public:
  explicit History(LifecyclePolicy policy) : policy_(policy) {}

  History& see(const Observation& seen, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const Step step = advance(state_, policy_, seen, first_ ? milliseconds(0) : milliseconds(tick));
      state_ = step.next;
      reason_ = step.reason;
      first_ = false;
    }
    return *this;
  }
  // Letters for looks: W warning, . fine, ? no data.
  History& see(std::string_view looks) {
    for (const char look : looks) see(look == 'W' ? warning() : look == '.' ? fine() : no_data());
    return *this;
  }
  History& see_after(milliseconds elapsed, const Observation& seen) {
    state_ = advance(state_, policy_, seen, elapsed).next;
    first_ = false;
    return *this;
  }
  // The agent ends and starts again: what is stored stays, time does not count.
  History& restart() {
    first_ = true;
    return *this;
  }

  std::string state() const {
    if (const auto level = state_.firing()) return std::string(to_string(*level));
    return state_.pending() ? "pending" : "ok";
  }
  bool flapping() const { return state_.flapping(); }
  std::string reason() const { return std::string(to_string(reason_)); }
  const LifecycleState& raw() const { return state_; }

 private:
  LifecyclePolicy policy_;
  LifecycleState state_;
  Reason reason_ = Reason::condition;
  bool first_ = true;
};

LifecyclePolicy policy(milliseconds warning_for, milliseconds critical_for, milliseconds clear_for = milliseconds(0),
                       NoData no_data = NoData::keep) {
  return {{warning_for, critical_for}, clear_for, no_data};
}
LifecyclePolicy at_once() {
  return policy(milliseconds(0), milliseconds(0));
}
LifecyclePolicy only_warning(milliseconds hold_for) {
  return {{hold_for, std::nullopt}, milliseconds(0), NoData::keep};
}

TEST(Lifecycle, FiresAtOnceWithoutAHoldingTime) {
  EXPECT_EQ(History(at_once()).see(fine()).state(), "ok");
  EXPECT_EQ(History(at_once()).see(warning()).state(), "warning");
  EXPECT_EQ(History(at_once()).see(critical()).state(), "critical");
}

TEST(Lifecycle, IsPendingUntilTheConditionHeldForItsTime) {
  History history(only_warning(seconds(30)));
  EXPECT_EQ(history.see(warning()).state(), "pending");
  EXPECT_EQ(history.see(warning(), 2).state(), "pending");
  EXPECT_EQ(history.see(warning()).state(), "warning");
}

TEST(Lifecycle, AFalseResultStartsTheTimeAnew) {
  History history(only_warning(seconds(30)));
  EXPECT_EQ(history.see(warning(), 3).see(fine()).state(), "ok");
  EXPECT_EQ(history.see(warning(), 3).state(), "pending");
  EXPECT_EQ(history.see(warning()).state(), "warning");
}

TEST(Lifecycle, MissingDataPausesTheTimeAndDoesNotResetIt) {
  History history(only_warning(seconds(30)));
  history.see(warning(), 3).see(no_data(), 100);
  EXPECT_EQ(history.state(), "pending");
  // The interval that ends with the first value after the gap was not seen either.
  EXPECT_EQ(history.see(warning()).state(), "pending");
  EXPECT_EQ(history.see(warning()).state(), "warning");
}

TEST(Lifecycle, DowntimeDoesNotCountAndPendingTimeSurvivesIt) {
  History history(only_warning(seconds(30)));
  history.see(warning(), 3).restart();
  EXPECT_EQ(history.see(warning()).state(), "pending");
  EXPECT_EQ(history.see(warning()).state(), "warning");
}

TEST(Lifecycle, FiringStaysFiringOverARestart) {
  History history(only_warning(seconds(30)));
  history.see(warning(), 4).restart();
  EXPECT_EQ(history.see(no_data()).state(), "warning");
  EXPECT_EQ(history.see(warning()).state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, UnknownNeverResolves) {
  EXPECT_EQ(History(at_once()).see(warning()).see(no_data(), 10'000).state(), "warning");
  EXPECT_EQ(History(at_once()).see(critical()).see(no_data(), 10'000).state(), "critical");
}

TEST(Lifecycle, ResolvesWhenTheConditionIsFalse) {
  History history(at_once());
  EXPECT_EQ(history.see(warning()).see(fine()).state(), "ok");
  EXPECT_EQ(history.reason(), "condition");
  EXPECT_FALSE(history.raw().pending());
}

TEST(Lifecycle, StaysUntilTheClearThresholdIsPassed) {
  History history(at_once());
  EXPECT_EQ(history.see(almost_fine()).state(), "ok");
  EXPECT_EQ(history.see(warning()).see(almost_fine(), 50).state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, ResolvesOnlyAfterItsClearTimeWasSeenFalse) {
  History history(policy(milliseconds(0), milliseconds(0), seconds(20)));
  history.see(warning()).see(fine(), 2);
  EXPECT_EQ(history.state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, AValueThatComesBackStartsTheClearTimeAnew) {
  History history(policy(milliseconds(0), milliseconds(0), seconds(20)));
  EXPECT_EQ(history.see(warning()).see(fine(), 2).see(warning()).see(fine(), 2).state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, MissingDataPausesTheClearTime) {
  History history(policy(milliseconds(0), milliseconds(0), seconds(20)));
  EXPECT_EQ(history.see(warning()).see(fine(), 2).see(no_data(), 100).see(fine()).state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, RisesToCriticalAndFallsBackToWarning) {
  History history(at_once());
  EXPECT_EQ(history.see(warning()).see(critical()).state(), "critical");
  EXPECT_EQ(history.see(warning()).state(), "warning");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, ACriticalAlertFallsToWarningEvenIfTheWarningsTimeHadNotCome) {
  History history(policy(minutes(10), milliseconds(0)));
  EXPECT_EQ(history.see(critical()).state(), "critical");
  EXPECT_EQ(history.see(warning()).state(), "warning");
}

TEST(Lifecycle, ACriticalAlertResolvesAtOnceWhenNeitherLevelHolds) {
  EXPECT_EQ(History(at_once()).see(critical()).see(fine()).state(), "ok");
}

// With a clear threshold of the critical level that lies below that of the warning.
TEST(Lifecycle, WithoutDataALevelThatEndedDoesNotComeBackUnderAHigherOne) {
  const Observation only_critical_stays{{condition(false, false), condition(false, true)}, false, {}};
  History history(at_once());
  history.see(critical()).see(only_critical_stays);
  EXPECT_FALSE(history.raw().levels[0].active);
  EXPECT_FALSE(history.see(no_data()).raw().levels[0].active);
  EXPECT_TRUE(history.see(critical()).raw().levels[0].active);
}

TEST(Lifecycle, EachLevelHasItsOwnHoldingTime) {
  History history(policy(seconds(10), seconds(30)));
  EXPECT_EQ(history.see(critical()).state(), "pending");
  EXPECT_EQ(history.see(critical()).state(), "warning");
  EXPECT_EQ(history.see(critical()).state(), "warning");
  EXPECT_EQ(history.see(critical()).state(), "critical");
}

TEST(Lifecycle, ASubjectThatIsAbsentInTwoRunsIsGone) {
  History history(at_once());
  EXPECT_EQ(history.see(warning()).see(absent_in_run(7)).state(), "warning");
  EXPECT_EQ(history.see(absent_in_run(8)).state(), "ok");
  EXPECT_EQ(history.reason(), "subject_gone");
}

TEST(Lifecycle, LookingTwiceAtOneRunIsNotTwoRuns) {
  EXPECT_EQ(History(at_once()).see(warning()).see(absent_in_run(7), 100).state(), "warning");
}

TEST(Lifecycle, ASubjectThatComesBackIsNotGone) {
  History history(at_once());
  history.see(warning()).see(absent_in_run(7)).see(warning()).see(absent_in_run(9));
  EXPECT_EQ(history.state(), "warning");
}

TEST(Lifecycle, AFailingSourceBetweenTwoRunsBreaksTheRow) {
  History history(at_once());
  history.see(warning()).see(absent_in_run(7)).see(no_data()).see(absent_in_run(8));
  EXPECT_EQ(history.state(), "warning");
}

TEST(Lifecycle, ARemovedRuleEndsItsAlerts) {
  History history(at_once());
  EXPECT_EQ(history.see(critical()).see(rule_removed()).state(), "ok");
  EXPECT_EQ(history.reason(), "rule_removed");
}

TEST(Lifecycle, ALevelThatTheRuleNoLongerHasEnds) {
  LifecycleState state = advance({}, at_once(), critical(), {}).next;
  state = advance(state, only_warning(milliseconds(0)), critical(), tick).next;
  EXPECT_EQ(state.firing(), Level::warning);
}

TEST(Lifecycle, NoDataFiresWhenTheRuleSaysSoButNotBeforeEverySourceHadAChance) {
  History history(policy(milliseconds(0), milliseconds(0), milliseconds(0), NoData::fire));
  history.see(no_data(), 6);
  EXPECT_EQ(history.state(), "pending");
  EXPECT_EQ(history.see(no_data()).state(), "critical");
  EXPECT_EQ(history.reason(), "no_data");
  EXPECT_EQ(history.see(fine()).state(), "ok");
}

TEST(Lifecycle, NoDataWaitsForTheRulesOwnTimeIfThatIsLonger) {
  History history(policy(minutes(2), minutes(2), milliseconds(0), NoData::fire));
  EXPECT_EQ(history.see(no_data(), 12).state(), "pending");
  EXPECT_EQ(history.see(no_data()).state(), "critical");
}

TEST(Lifecycle, NoDataResolvesWhenTheRuleSaysSoButNotAtAStart) {
  History history(policy(milliseconds(0), milliseconds(0), milliseconds(0), NoData::ok));
  history.see(warning()).restart().see(no_data(), 6);
  EXPECT_EQ(history.state(), "warning");
  EXPECT_EQ(history.see(no_data()).state(), "ok");
  EXPECT_EQ(history.reason(), "no_data");
}

TEST(Lifecycle, AnAbsentSubjectIsNotMissingData) {
  History history(policy(milliseconds(0), milliseconds(0), milliseconds(0), NoData::fire));
  EXPECT_EQ(history.see(absent_in_run(1), 100).state(), "ok");
}

TEST(Lifecycle, AStateThatLastsDoesNotChange) {
  History firing(policy(seconds(30), seconds(30)));
  firing.see(warning(), 4);
  const LifecycleState before = firing.raw();
  EXPECT_EQ(firing.see(warning(), 1000).raw().levels[0], before.levels[0]);
  History pending_critical(policy(milliseconds(0), minutes(1)));
  const LifecycleState steady = pending_critical.see(warning(), 3).raw();
  EXPECT_EQ(pending_critical.see(warning()).raw(), steady);
}

LifecyclePolicy m_of_n(int m, int n, milliseconds hold_for = milliseconds(0)) {
  LifecyclePolicy result = only_warning(hold_for);
  result.m_of_n = MOfN{m, n};
  return result;
}

TEST(LifecycleMOfN, FiresWhenThreeOfTheLastFiveLooksWereTrue) {
  struct Case {
    std::string_view looks;
    const char* state;
  };
  for (const auto& [looks, state] : std::vector<Case>{{"W", "ok"},
                                                      {"WW", "ok"},
                                                      {"WWW", "warning"},
                                                      {"W.W.W", "warning"},
                                                      {"WW..W", "warning"},
                                                      {"WW...W", "ok"},
                                                      {"W..W..W..W", "ok"},
                                                      {"W?????W????????W", "warning"},
                                                      {"??.W.W?W", "warning"},
                                                      {"WWW.", "warning"},
                                                      {"WWW..", "warning"},
                                                      {"WWW...", "ok"},
                                                      {"WWW..?????", "warning"},
                                                      {"WWW..W.W.W.W.W", "warning"}}) {
    EXPECT_EQ(History(m_of_n(3, 5)).see(looks).state(), state) << looks;
  }
}

TEST(LifecycleMOfN, ComesBeforeTheHoldingTime) {
  History history(m_of_n(2, 3, seconds(20)));
  EXPECT_EQ(history.see("W").state(), "ok");
  EXPECT_EQ(history.see("W.").state(), "pending");
  EXPECT_EQ(history.see("W").state(), "warning");
}

TEST(LifecycleMOfN, OneFalseLookAfterTheRuleGotItsWindowDoesNotEndAnAlert) {
  const LifecycleState firing = advance({}, only_warning(milliseconds(0)), warning(), {}).next;
  LifecycleState state = advance(firing, m_of_n(3, 5), fine(), tick).next;
  EXPECT_EQ(state.firing(), Level::warning) << "two of five may still be false";
  state = advance(state, m_of_n(3, 5), fine(), tick).next;
  EXPECT_EQ(state.firing(), Level::warning);
  EXPECT_FALSE(advance(state, m_of_n(3, 5), fine(), tick).next.firing());
}

TEST(LifecycleMOfN, WithoutATrueLookThereIsNothingToRemember) {
  EXPECT_TRUE(History(m_of_n(3, 5)).see(".....").raw().settled());
  EXPECT_FALSE(History(m_of_n(3, 5)).see("W").raw().settled());
  EXPECT_TRUE(History(m_of_n(3, 5)).see("W.....").raw().settled());
}

LifecyclePolicy event(milliseconds resolve_after) {
  LifecyclePolicy result = only_warning(minutes(10));
  result.event = true;
  result.resolve_after = resolve_after;
  return result;
}

TEST(LifecycleEvent, OpensAtOnceAndStaysOpenForItsTime) {
  History history(event(seconds(30)));
  EXPECT_EQ(history.see("W").state(), "warning");
  EXPECT_EQ(history.see("...").state(), "warning");
  EXPECT_EQ(history.see(".").state(), "ok");
  EXPECT_EQ(history.reason(), "condition");
  EXPECT_TRUE(history.raw().settled());
}

TEST(LifecycleEvent, IsProlongedByTheNextOne) {
  History history(event(seconds(30)));
  EXPECT_EQ(history.see("W...W...").state(), "warning");
  EXPECT_EQ(history.see(".").state(), "ok");
}

TEST(LifecycleEvent, TimeThatNobodySawDoesNotEndIt) {
  EXPECT_EQ(History(event(seconds(30))).see("W..").see(no_data(), 1000).see(".").state(), "warning");
}

TEST(LifecycleEvent, EndsWithItsAcknowledgement) {
  History history(event(seconds(30)));
  EXPECT_EQ(history.see("W").see(acknowledged(fine())).state(), "ok");
  EXPECT_EQ(history.reason(), "acknowledged");
  EXPECT_EQ(history.see("W").state(), "warning") << "the next event";
}

TEST(LifecycleEvent, DoesNotOpenAgainWhileItIsStillTheAcknowledgedOneThatIsSeen) {
  History history(event(seconds(30)));
  history.see("W").see(acknowledged(warning()));
  EXPECT_EQ(history.see("WWW?W").state(), "ok");
  EXPECT_EQ(history.see(".").state(), "ok");
  EXPECT_EQ(history.see("W").state(), "warning");
}

TEST(LifecycleEvent, AnAcknowledgementWithoutDataEndsItToo) {
  EXPECT_EQ(History(event(seconds(30))).see("W").see(acknowledged(no_data())).state(), "ok");
}

TEST(LifecycleEvent, IsNotUndoneWhenItsSubjectIsGone) {
  History history(event(minutes(1)));
  for (std::uint64_t run = 1; run <= 6; ++run) history.see(absent_in_run(run));
  history.see("W");
  for (std::uint64_t run = 7; run <= 12; ++run) history.see(absent_in_run(run));
  EXPECT_EQ(history.state(), "warning");
  EXPECT_EQ(history.see(absent_in_run(13)).state(), "ok") << "its time is over";
}

TEST(LifecycleEvent, EndsWithItsRuleAndItsSource) {
  EXPECT_EQ(History(event(minutes(1))).see("W").see(rule_removed()).state(), "ok");
  EXPECT_EQ(History(event(minutes(1))).see("W").see(source_removed()).state(), "ok");
}

TEST(Lifecycle, AnAcknowledgementMeansNothingToACondition) {
  EXPECT_EQ(History(at_once()).see(acknowledged(warning())).see(acknowledged(warning())).state(), "warning");
}

TEST(Lifecycle, ARemovedSourceEndsItsAlerts) {
  History history(at_once());
  EXPECT_EQ(history.see(critical()).see(source_removed()).state(), "ok");
  EXPECT_EQ(history.reason(), "subject_gone");
}

TEST(Lifecycle, TimeWithAndWithoutDataIsNotAddedUp) {
  LifecyclePolicy fires = policy(seconds(60), seconds(60), milliseconds(0), NoData::fire);
  History history(fires);
  EXPECT_EQ(history.see(warning(), 6).see(no_data(), 6).state(), "pending") << "50 s true, then 50 s unknown";
  EXPECT_EQ(history.see(no_data()).state(), "critical");
  EXPECT_EQ(history.reason(), "no_data");
}

TEST(Lifecycle, EveryRuleMaySayHowLongDataMustBeMissing) {
  LifecyclePolicy fires = policy(milliseconds(0), milliseconds(0), milliseconds(0), NoData::fire);
  fires.no_data_for = seconds(20);
  EXPECT_EQ(History(fires).see(no_data(), 2).state(), "pending");
  EXPECT_EQ(History(fires).see(no_data(), 3).state(), "critical");
}

TEST(Lifecycle, AStartOfTheAgentIsNoSignOfMissingData) {
  History history(policy(milliseconds(0), milliseconds(0), milliseconds(0), NoData::fire));
  for (int start = 0; start < 10; ++start) history.see(no_data(), 3).restart();
  EXPECT_EQ(history.state(), "pending");
}

TEST(Lifecycle, AClockThatJumpsCountsAsAStartOfTheAgent) {
  for (const milliseconds jump :
       {milliseconds(-1), milliseconds(std::chrono::hours(-24)), milliseconds::min(), longest_gap + milliseconds(1),
        milliseconds(std::chrono::hours(24)), milliseconds::max()}) {
    History pending(only_warning(seconds(30)));
    pending.see("WWW").see_after(jump, warning());
    EXPECT_EQ(pending.state(), "pending") << jump.count();
    EXPECT_EQ(pending.see("W").state(), "warning") << jump.count();
    History clearing(policy(milliseconds(0), milliseconds(0), seconds(20)));
    EXPECT_EQ(clearing.see("W.").see_after(jump, fine()).state(), "warning") << jump.count();
  }
}

TEST(LifecycleFlapping, FourCyclesWithinAnHourAreFlapping) {
  History history(at_once());
  EXPECT_FALSE(history.see("W.W.W.W").flapping());
  EXPECT_TRUE(history.see(".").flapping());
  EXPECT_FALSE(history.raw().settled()) << "it must be remembered although it does not fire";
}

TEST(LifecycleFlapping, IsCalmAfterHalfTheWindowWithoutAChange) {
  History ended(at_once());
  EXPECT_TRUE(ended.see("W.W.W.W.").see(fine(), 179).flapping());
  EXPECT_FALSE(ended.see(fine()).flapping());
  History firing(at_once());
  EXPECT_TRUE(firing.see("W.W.W.W.W").see(warning(), 179).flapping());
  EXPECT_FALSE(firing.see(warning()).flapping());
}

TEST(LifecycleFlapping, StartsAnewAfterItWasCalm) {
  History history(at_once());
  EXPECT_FALSE(history.see("W.W.W.W.").see(fine(), 180).see("W.W.W.").flapping());
  EXPECT_TRUE(history.see("W.").flapping());
}

TEST(LifecycleFlapping, SlowChangesAreNone) {
  History history(at_once());
  for (int cycle = 0; cycle < 20; ++cycle) history.see("W.").see(fine(), 119);
  EXPECT_FALSE(history.flapping()) << "one cycle in twenty minutes";
}

TEST(LifecycleFlapping, TimeWithoutDataIsNotCalm) {
  History history(at_once());
  history.see("W.W.W.W.").see(no_data(), 1000).restart();
  EXPECT_TRUE(history.see(fine()).flapping());
}

TEST(LifecycleFlapping, ASubjectThatComesAndGoesFlapsToo) {
  History history(at_once());
  for (std::uint64_t cycle = 0; cycle < 4; ++cycle) {
    history.see("W").see(absent_in_run(2 * cycle + 1)).see(absent_in_run(2 * cycle + 2));
  }
  EXPECT_TRUE(history.flapping());
}

TEST(LifecycleFlapping, OneLevelMayFlapWhileTheOtherStays) {
  History history(at_once());
  for (int cycle = 0; cycle < 4; ++cycle) history.see(critical()).see(warning());
  EXPECT_TRUE(history.flapping());
  EXPECT_EQ(history.state(), "warning");
}

TEST(LifecycleFlapping, AnIncidentThatFallsInTwoStepsIsOneCycle) {
  History history(at_once());
  for (int cycle = 0; cycle < 3; ++cycle) history.see(warning()).see(critical()).see(warning()).see(fine());
  EXPECT_FALSE(history.flapping());
}

TEST(LifecycleFlapping, CanBeSwitchedOff) {
  LifecyclePolicy never = at_once();
  never.flapping.cycles = 0;
  History history(never);
  for (int cycle = 0; cycle < 50; ++cycle) history.see("W.");
  EXPECT_TRUE(history.raw().settled());
}

TEST(LifecycleFlapping, WhatIsRememberedIsForgottenWithTheWindow) {
  EXPECT_FALSE(History(at_once()).see("W.").see(fine(), 360).raw().settled());
  EXPECT_TRUE(History(at_once()).see("W.").see(fine(), 361).raw().settled());
}

TEST(Lifecycle, OnlyAgeIsNotWorthAWriteAtEveryLook) {
  LifecycleState state = advance(advance({}, at_once(), warning(), {}).next, at_once(), fine(), tick).next;
  int writes = 0;
  for (int look = 0; look < 60; ++look) {
    const LifecycleState next = advance(state, at_once(), fine(), tick).next;
    EXPECT_NE(next, state);
    if (worth_saving(state, next)) ++writes;
    state = next;
  }
  EXPECT_EQ(writes, 10) << "ten minutes";
}

}  // namespace
}  // namespace pgvigil
