#include "alerts/evaluation.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/sha256.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil {
namespace {

// A world with one metric `m{datname}` reported by the task `t`, and evaluations ten seconds apart.
class World {
 public:
  World(std::vector<Rule> rules, std::vector<ChannelPolicy> channels)
      : rules_(std::move(rules)), channels_(std::move(channels)) {}

  World& report(const std::vector<Series>& series) {
    snapshots_ = {make_snapshot("t", ++run_, clock_.steady_now(), "m", {"datname"}, series)};
    return *this;
  }
  World& source_fails() {
    clock_.advance(seconds(120));
    return *this;
  }
  World& source_is_unknown() {
    snapshots_.clear();
    return *this;
  }

  // "channel kind level subject (was …)" of each message, in order.
  std::vector<std::string> evaluate() {
    const auto elapsed =
        last_ ? std::chrono::duration_cast<milliseconds>(clock_.steady_now() - *last_) : milliseconds(0);
    last_ = clock_.steady_now();
    result_ = pgvigil::evaluate(
        {rules_, channels_, instance_, snapshots_, alerts_, clock_.steady_now(), clock_.wall_now(), elapsed, tasks_});
    alerts_ = result_.alerts;
    clock_.advance(seconds(10));
    std::vector<std::string> said;
    for (const Notification& message : result_.changes.notifications) {
      const bool over = message.kind == Notification::Kind::resolve;
      said.push_back(message.channel + (over ? " resolve " : " trigger ") + std::string(to_string(message.level)) +
                     " " + message.announcement.subject +
                     (message.previous ? " was " + std::string(to_string(*message.previous)) : ""));
    }
    return said;
  }

  std::vector<Rule> rules_;
  std::vector<ChannelPolicy> channels_;
  std::string instance_ = "db1";
  std::vector<SnapshotPtr> snapshots_;
  Alerts alerts_;
  const std::set<std::string>* tasks_ = nullptr;
  Evaluation result_;
  FakeClock clock_;

 private:
  std::uint64_t run_ = 0;
  std::optional<SteadyTime> last_;
};

using Said = std::vector<std::string>;

const char* const above_ten =
    "id: high\nexpr: m\nwarning: { above: 10 }\ncritical: { above: 20 }\nsummary: '{{subject}} at {{value}} of "
    "{{threshold}}'";

std::vector<ChannelPolicy> slack() {
  return {{"slack", Level::warning, false}};
}
std::vector<ChannelPolicy> slack_and_pager() {
  return {{"slack", Level::warning, false}, {"pager", Level::critical, true}};
}

TEST(Evaluation, SaysNothingWhileAllIsFine) {
  World world({make_rule(above_ten)}, slack());
  EXPECT_EQ(world.report({{{"a"}, 10}, {{"b"}, 0}}).evaluate(), Said{});
  EXPECT_TRUE(world.alerts_.empty());
  EXPECT_TRUE(world.result_.changes.empty());
}

TEST(Evaluation, EverySubjectHasItsOwnAlert) {
  World world({make_rule(above_ten)}, slack());
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"b"}, 0}, {{"c"}, 21}}).evaluate(),
            (Said{"slack trigger warning a", "slack trigger critical c"}));
  EXPECT_EQ(world.report({{{"a"}, 0}, {{"b"}, 11}, {{"c"}, 21}}).evaluate(),
            (Said{"slack resolve warning a", "slack trigger warning b"}));
}

TEST(Evaluation, AMessageSpeaksOfTheValueAndTheThresholdOfItsLevel) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 25}}).evaluate();
  EXPECT_EQ(world.result_.changes.notifications.at(0).announcement.summary, "a at 25 of 20");
}

TEST(Evaluation, AResolveSpeaksOfWhatFired) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 25}}).evaluate();
  world.report({{{"a"}, 1}}).evaluate();
  EXPECT_EQ(world.result_.changes.notifications.at(0).announcement.summary, "a at 25 of 20");
  EXPECT_EQ(world.result_.changes.notifications.at(0).value, 1);
}

TEST(Evaluation, AValueThatIsNotKnownResolvesNothing) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 25}}).evaluate();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(world.report({{{"a"}, std::numeric_limits<double>::quiet_NaN()}}).evaluate(), Said{});
  }
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"slack resolve critical a"});
}

TEST(Evaluation, WhatATaskReportedEndsWithTheTask) {
  World world({make_rule(above_ten)}, slack());
  const std::set<std::string> with{"t"};
  const std::set<std::string> without{"other"};
  world.tasks_ = &with;
  world.report({{{"a"}, 25}}).evaluate();
  EXPECT_EQ(world.source_is_unknown().evaluate(), Said{});
  world.tasks_ = &without;
  EXPECT_EQ(world.evaluate(), Said{"slack resolve critical a"});
}

TEST(Evaluation, NothingIsSaidTwice) {
  World world({make_rule(above_ten)}, slack_and_pager());
  EXPECT_EQ(world.report({{{"a"}, 25}}).evaluate().size(), 2U);
  for (double i = 0; i < 20; ++i) EXPECT_EQ(world.report({{{"a"}, 25 + i}}).evaluate(), Said{});
}

TEST(Evaluation, ASteadyAlertCausesNoWrites) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 25}}).evaluate();
  world.report({{{"a"}, 26}}).evaluate();
  EXPECT_TRUE(world.result_.changes.empty());
  EXPECT_EQ(world.alerts_.begin()->second.value, 26);
}

TEST(Evaluation, AChannelHearsOnlyWhatReachesItsLevel) {
  World world({make_rule(above_ten)}, slack_and_pager());
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(), Said{"slack trigger warning a"});
  EXPECT_EQ(world.report({{{"a"}, 21}}).evaluate(),
            (Said{"slack trigger critical a was warning", "pager trigger critical a"}));
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(),
            (Said{"slack trigger warning a was critical", "pager resolve critical a"}));
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"slack resolve warning a"});
}

TEST(Evaluation, WhereEachLevelIsAnIncidentTheNewOneOpensBeforeTheOldOneEnds) {
  World world({make_rule(above_ten)}, {{"pager", Level::warning, true}});
  world.report({{{"a"}, 11}}).evaluate();
  EXPECT_EQ(world.report({{{"a"}, 21}}).evaluate(),
            (Said{"pager trigger critical a was warning", "pager resolve warning a"}));
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"pager resolve critical a"});
}

TEST(Evaluation, AFailingSourceResolvesNothing) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 11}}).evaluate();
  world.source_fails();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.evaluate(), Said{});
  world.source_is_unknown();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.evaluate(), Said{});
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"slack resolve warning a"});
}

TEST(Evaluation, AValueThatIsNoNumberResolvesNothing) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 11}}).evaluate();
  EXPECT_EQ(world.report({{{"a"}, std::numeric_limits<double>::quiet_NaN()}}).evaluate(), Said{});
}

TEST(Evaluation, ASubjectThatTwoRunsDoNotReportIsGone) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 11}, {{"b"}, 0}}).evaluate();
  EXPECT_EQ(world.report({{{"b"}, 0}}).evaluate(), Said{});
  EXPECT_EQ(world.evaluate(), Said{});
  EXPECT_EQ(world.report({{{"b"}, 0}}).evaluate(), Said{"slack resolve warning a"});
  EXPECT_EQ(world.result_.changes.notifications.at(0).reason, Reason::subject_gone);
}

TEST(Evaluation, ARunWithoutTheWholeFamilyCountsAsNotReporting) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 11}}).evaluate();
  world.snapshots_ = {make_snapshot("t", 50, world.clock_.steady_now(), "other", {}, {})};
  EXPECT_EQ(world.evaluate(), Said{});
  world.snapshots_ = {make_snapshot("t", 51, world.clock_.steady_now(), "other", {}, {})};
  EXPECT_EQ(world.evaluate(), Said{"slack resolve warning a"});
}

TEST(Evaluation, AnotherTasksRunSaysNothingAboutTheSubject) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 11}}).evaluate();
  for (std::uint64_t run = 1; run < 10; ++run) {
    world.snapshots_ = {make_snapshot("u", run, world.clock_.steady_now(), "m", {"datname"}, {})};
    EXPECT_EQ(world.evaluate(), Said{});
  }
}

TEST(Evaluation, ARemovedRuleResolvesItsAlerts) {
  World world({make_rule(above_ten)}, slack_and_pager());
  world.report({{{"a"}, 25}}).evaluate();
  world.rules_.clear();
  EXPECT_EQ(world.evaluate(), (Said{"slack resolve critical a", "pager resolve critical a"}));
  EXPECT_EQ(world.result_.changes.notifications.at(0).reason, Reason::rule_removed);
  EXPECT_TRUE(world.alerts_.empty());
}

TEST(Evaluation, AChangedThresholdKeepsTheAlert) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 15}}).evaluate();
  world.rules_ = {make_rule("id: high\nexpr: m\nwarning: { above: 12 }\nsummary: other words")};
  EXPECT_EQ(world.report({{{"a"}, 15}}).evaluate(), Said{});
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(), Said{"slack resolve warning a"});
}

TEST(Evaluation, AChannelAddedLaterHearsOfWhatIsFiring) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 25}}).evaluate();
  world.channels_ = slack_and_pager();
  EXPECT_EQ(world.evaluate(), Said{"pager trigger critical a"});
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), (Said{"slack resolve critical a", "pager resolve critical a"}));
}

TEST(Evaluation, AChannelThatNeverHeardOfAnAlertHearsNoResolve) {
  World world({make_rule(above_ten)}, {{"pager", Level::critical, true}});
  world.report({{{"a"}, 15}}).evaluate();
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{});
}

TEST(Evaluation, AChannelThatIsNoLongerConfiguredIsStillOwedItsResolve) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 15}}).evaluate();
  world.channels_.clear();
  EXPECT_EQ(world.report({{{"a"}, 15}}).evaluate(), Said{});
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"slack resolve warning a"});
}

TEST(Evaluation, AnAlertKeepsTheServersNameItBeganWith) {
  World world({make_rule(above_ten)}, slack());
  world.report({{{"a"}, 15}}).evaluate();
  const std::string key = incident_key(world.result_.changes.notifications.at(0));
  world.instance_ = "renamed";
  world.report({{{"a"}, 0}}).evaluate();
  EXPECT_EQ(incident_key(world.result_.changes.notifications.at(0)), key);
}

TEST(Evaluation, NoDataFiresARuleThatSaysSoAndNamesTheSubjectByItsMatchers) {
  World world(
      {make_rule("id: up\nexpr: m{datname=\"shop\"} == 0\nlevel: critical\nno_data: fire\nsummary: 'gone: {{value}}'")},
      slack());
  world.source_is_unknown();
  Said said;
  int evaluations = 0;
  while (said.empty() && evaluations < 100) {
    said = world.evaluate();
    ++evaluations;
  }
  EXPECT_EQ(said, Said{"slack trigger critical shop"});
  EXPECT_EQ(evaluations, 7);  // a minute after the first
  EXPECT_EQ(world.result_.changes.notifications.at(0).announcement.summary, "gone: no data");
  EXPECT_EQ(world.report({{{"shop"}, 1}}).evaluate(), Said{"slack resolve critical shop"});
}

TEST(Evaluation, DataThatComesInTimeIsNoMissingData) {
  World world({make_rule("id: up\nexpr: m == 0\nlevel: critical\nno_data: fire\nsummary: x")}, slack());
  world.source_is_unknown();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.evaluate(), Said{});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.report({{{"shop"}, 1}}).evaluate(), Said{});
  EXPECT_TRUE(world.alerts_.empty());
}

TEST(Evaluation, TwoSeriesWithTheSameLabelsAreOneSubject) {
  World world({make_rule(above_ten)}, slack());
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"a"}, 25}}).evaluate(), Said{"slack trigger warning a"});
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"a"}, 0}}).evaluate(), Said{});
}

TEST(Evaluation, ARuleWithTooManySubjectsKeepsTheFirstOnesAndSaysSo) {
  World world({make_rule(above_ten)}, slack());
  std::vector<Series> series;
  for (std::size_t i = 0; i < max_alerts_per_rule + 5; ++i) series.push_back({{std::to_string(i)}, 15});
  EXPECT_EQ(world.report(series).evaluate().size(), max_alerts_per_rule);
  EXPECT_EQ(world.result_.problems.size(), 1U);
  EXPECT_EQ(world.report(series).evaluate(), Said{});
  EXPECT_EQ(world.alerts_.size(), max_alerts_per_rule);
}

TEST(Evaluation, OnlyTheSelectedSeriesCount) {
  World world({make_rule("id: high\nexpr: m{datname!~\"template.*\"} > 10\nlevel: warning\nsummary: x")}, slack());
  EXPECT_EQ(world.report({{{"template1"}, 99}, {{"shop"}, 99}}).evaluate(), Said{"slack trigger warning shop"});
}

TEST(AlertId, DependsOnRuleAndSubjectOnly) {
  EXPECT_EQ(alert_id("r", {{"a", "1"}, {"b", "2"}}), alert_id("r", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(alert_id("r", {{"a", "1"}}), alert_id("s", {{"a", "1"}}));
  EXPECT_NE(alert_id("r", {{"a", "1b"}}), alert_id("r", {{"a1", "b"}}));
  // Written down, so that a change of the program does not orphan the incidents that are open at the receivers.
  EXPECT_EQ(alert_id("r", {{"a", "1"}}), sha256_hex("1:r1:a1:1"));
}

TEST(DescribeSubject, SaysWhatPeopleNeedToTellSubjectsApart) {
  EXPECT_EQ(describe_subject({}, "db1"), "db1");
  EXPECT_EQ(describe_subject({{"datname", "shop"}}, "db1"), "shop");
  EXPECT_EQ(describe_subject({{"datname", "shop"}, {"state", "idle"}}, "db1"), "datname=shop, state=idle");
}

}  // namespace
}  // namespace pgvigil
