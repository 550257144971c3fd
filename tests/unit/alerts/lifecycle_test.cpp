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
  // The agent ends and starts again: what is stored stays, time does not count.
  History& restart() {
    first_ = true;
    return *this;
  }

  std::string state() const {
    if (const auto level = state_.firing()) return std::string(to_string(*level));
    return state_.pending() ? "pending" : "ok";
  }
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
  EXPECT_EQ(history.raw(), LifecycleState{});
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

}  // namespace
}  // namespace pgvigil
