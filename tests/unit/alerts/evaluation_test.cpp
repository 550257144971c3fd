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
  explicit World(std::vector<Rule> rules) : rules_(std::move(rules)) {}

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

  // "subject: level before -> level after" of each change, in order.
  std::vector<std::string> evaluate() {
    const auto elapsed =
        last_ ? std::chrono::duration_cast<milliseconds>(clock_.steady_now() - *last_) : milliseconds(0);
    last_ = clock_.steady_now();
    result_ = pgvigil::evaluate(
        {rules_, instance_, snapshots_, alerts_, clock_.steady_now(), clock_.wall_now(), elapsed, tasks_, history_});
    alerts_ = result_.alerts;
    clock_.advance(seconds(10));
    const auto name = [](std::optional<Level> level) { return level ? std::string(to_string(*level)) : "ok"; };
    std::vector<std::string> said;
    for (const LevelChange& change : result_.level_changes) {
      said.push_back(change.subject + ": " + name(change.before) + " -> " + name(change.after));
    }
    return said;
  }

  std::vector<Rule> rules_;
  std::string instance_ = "db1";
  std::vector<SnapshotPtr> snapshots_;
  Alerts alerts_;
  const std::set<std::string>* tasks_ = nullptr;
  const History* history_ = nullptr;
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

TEST(Evaluation, SaysNothingWhileAllIsFine) {
  World world({make_rule(above_ten)});
  EXPECT_EQ(world.report({{{"a"}, 10}, {{"b"}, 0}}).evaluate(), Said{});
  EXPECT_TRUE(world.alerts_.empty());
  EXPECT_TRUE(world.result_.changes.empty());
}

TEST(Evaluation, EverySubjectHasItsOwnAlert) {
  World world({make_rule(above_ten)});
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"b"}, 0}, {{"c"}, 21}}).evaluate(),
            (Said{"a: ok -> warning", "c: ok -> critical"}));
  EXPECT_EQ(world.report({{{"a"}, 0}, {{"b"}, 11}, {{"c"}, 21}}).evaluate(),
            (Said{"a: warning -> ok", "b: ok -> warning"}));
}

TEST(Evaluation, AMessageSpeaksOfTheValueAndTheThresholdOfItsLevel) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 25}}).evaluate();
  EXPECT_EQ(world.result_.level_changes.at(0).summary, "a at 25 of 20");
}

TEST(Evaluation, AResolveSpeaksOfWhatFired) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 25}}).evaluate();
  world.report({{{"a"}, 1}}).evaluate();
  EXPECT_EQ(world.result_.level_changes.at(0).summary, "a at 25 of 20");
  EXPECT_EQ(world.result_.level_changes.at(0).value, 1);
}

TEST(Evaluation, AValueThatIsNotKnownResolvesNothing) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 25}}).evaluate();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(world.report({{{"a"}, std::numeric_limits<double>::quiet_NaN()}}).evaluate(), Said{});
  }
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"a: critical -> ok"});
}

TEST(Evaluation, WhatATaskReportedEndsWithTheTask) {
  World world({make_rule(above_ten)});
  const std::set<std::string> with{"t"};
  const std::set<std::string> without{"other"};
  world.tasks_ = &with;
  world.report({{{"a"}, 25}}).evaluate();
  EXPECT_EQ(world.source_is_unknown().evaluate(), Said{});
  world.tasks_ = &without;
  EXPECT_EQ(world.evaluate(), Said{"a: critical -> ok"});
}

TEST(Evaluation, NothingIsSaidTwice) {
  World world({make_rule(above_ten)});
  EXPECT_EQ(world.report({{{"a"}, 25}}).evaluate().size(), 1U);
  for (double i = 0; i < 20; ++i) EXPECT_EQ(world.report({{{"a"}, 25 + i}}).evaluate(), Said{});
}

TEST(Evaluation, ASteadyAlertCausesNoWrites) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 25}}).evaluate();
  world.report({{{"a"}, 26}}).evaluate();
  EXPECT_TRUE(world.result_.changes.empty());
  EXPECT_EQ(world.alerts_.begin()->second.value, 26);
}

TEST(Evaluation, AFailingSourceResolvesNothing) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}}).evaluate();
  world.source_fails();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.evaluate(), Said{});
  world.source_is_unknown();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.evaluate(), Said{});
  EXPECT_EQ(world.report({{{"a"}, 0}}).evaluate(), Said{"a: warning -> ok"});
}

TEST(Evaluation, AValueThatIsNoNumberResolvesNothing) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}}).evaluate();
  EXPECT_EQ(world.report({{{"a"}, std::numeric_limits<double>::quiet_NaN()}}).evaluate(), Said{});
}

TEST(Evaluation, ASubjectThatTwoRunsDoNotReportIsGone) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}, {{"b"}, 0}}).evaluate();
  EXPECT_EQ(world.report({{{"b"}, 0}}).evaluate(), Said{});
  EXPECT_EQ(world.evaluate(), Said{});
  EXPECT_EQ(world.report({{{"b"}, 0}}).evaluate(), Said{"a: warning -> ok"});
  EXPECT_EQ(world.result_.level_changes.at(0).reason, Reason::subject_gone);
}

TEST(Evaluation, ARunWithoutTheWholeFamilyCountsAsNotReporting) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}}).evaluate();
  world.snapshots_ = {make_snapshot("t", 50, world.clock_.steady_now(), "other", {}, {})};
  EXPECT_EQ(world.evaluate(), Said{});
  world.snapshots_ = {make_snapshot("t", 51, world.clock_.steady_now(), "other", {}, {})};
  EXPECT_EQ(world.evaluate(), Said{"a: warning -> ok"});
}

TEST(Evaluation, ASubjectThatALimitMayHaveCutIsNotGone) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}, {{"b"}, 0}}).evaluate();
  for (std::uint64_t run = 50; run < 55; ++run) {
    Snapshot cut = *make_snapshot("t", run, world.clock_.steady_now(), "m", {"datname"}, {{{"b"}, 0}});
    cut.complete = false;
    world.snapshots_ = {std::make_shared<const Snapshot>(cut)};
    EXPECT_EQ(world.evaluate(), Said{});
  }
}

TEST(Evaluation, AnotherTasksRunSaysNothingAboutTheSubject) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 11}}).evaluate();
  for (std::uint64_t run = 1; run < 10; ++run) {
    world.snapshots_ = {make_snapshot("u", run, world.clock_.steady_now(), "m", {"datname"}, {})};
    EXPECT_EQ(world.evaluate(), Said{});
  }
}

TEST(Evaluation, ARemovedRuleResolvesItsAlerts) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 25}}).evaluate();
  world.rules_.clear();
  EXPECT_EQ(world.evaluate(), Said{"a: critical -> ok"});
  EXPECT_EQ(world.result_.level_changes.at(0).reason, Reason::rule_removed);
  EXPECT_TRUE(world.alerts_.empty());
}

TEST(Evaluation, AChangedThresholdKeepsTheAlert) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 15}}).evaluate();
  world.rules_ = {make_rule("id: high\nexpr: m\nwarning: { above: 12 }\nsummary: other words")};
  EXPECT_EQ(world.report({{{"a"}, 15}}).evaluate(), Said{});
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(), Said{"a: warning -> ok"});
}

TEST(Evaluation, AnAlertKeepsTheServersNameItBeganWith) {
  World world({make_rule(above_ten)});
  world.report({{{"a"}, 15}}).evaluate();
  world.instance_ = "renamed";
  world.report({{{"a"}, 15}}).evaluate();
  EXPECT_EQ(world.alerts_.begin()->second.instance, "db1");
}

TEST(Evaluation, NoDataFiresARuleThatSaysSoAndNamesTheSubjectByItsMatchers) {
  World world({make_rule(
      "id: up\nexpr: m{datname=\"shop\"} == 0\nlevel: critical\nno_data: fire\nsummary: 'gone: {{value}}'")});
  world.source_is_unknown();
  Said said;
  int evaluations = 0;
  while (said.empty() && evaluations < 100) {
    said = world.evaluate();
    ++evaluations;
  }
  EXPECT_EQ(said, Said{"shop: ok -> critical"});
  EXPECT_EQ(evaluations, 7);  // a minute after the first
  EXPECT_EQ(world.result_.level_changes.at(0).summary, "gone: no data");
  EXPECT_EQ(world.report({{{"shop"}, 1}}).evaluate(), Said{"shop: critical -> ok"});
}

TEST(Evaluation, DataThatComesInTimeIsNoMissingData) {
  World world({make_rule("id: up\nexpr: m == 0\nlevel: critical\nno_data: fire\nsummary: x")});
  world.source_is_unknown();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.evaluate(), Said{});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.report({{{"shop"}, 1}}).evaluate(), Said{});
  EXPECT_TRUE(world.alerts_.empty());
}

TEST(Evaluation, TwoSeriesWithTheSameLabelsAreOneSubject) {
  World world({make_rule(above_ten)});
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"a"}, 25}}).evaluate(), Said{"a: ok -> warning"});
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"a"}, 0}}).evaluate(), Said{});
}

TEST(Evaluation, ARuleWithTooManySubjectsKeepsTheFirstOnesAndSaysSo) {
  World world({make_rule(above_ten)});
  std::vector<Series> series;
  for (std::size_t i = 0; i < max_alerts_per_rule + 5; ++i) series.push_back({{std::to_string(i)}, 15});
  EXPECT_EQ(world.report(series).evaluate().size(), max_alerts_per_rule);
  EXPECT_EQ(world.result_.problems.size(), 1U);
  EXPECT_EQ(world.report(series).evaluate(), Said{});
  EXPECT_EQ(world.alerts_.size(), max_alerts_per_rule);
}

TEST(Evaluation, OnlyTheSelectedSeriesCount) {
  World world({make_rule("id: high\nexpr: m{datname!~\"template.*\"} > 10\nlevel: warning\nsummary: x")});
  EXPECT_EQ(world.report({{{"template1"}, 99}, {{"shop"}, 99}}).evaluate(), Said{"shop: ok -> warning"});
}

// Conditions and expressions over more than one metric.

const char* const idle_and_big =
    "id: slot\nexpr: active == 0 and retained > 10\nlevel: warning\nsummary: '{{subject}}'";

SnapshotPtr slots(std::uint64_t run, SteadyTime at, const std::string& metric, const std::vector<Series>& series) {
  return make_snapshot(metric == "active" ? "fast" : "slow", run, at, metric, {"slot"}, series);
}

TEST(Evaluation, AConditionResolvesWhenItNoLongerHolds) {
  World world({make_rule(idle_and_big)});
  const auto look = [&](std::uint64_t run, double active, double retained) {
    const SteadyTime now = world.clock_.steady_now();
    world.snapshots_ = {slots(run, now, "active", {{{"s"}, active}}), slots(run, now, "retained", {{{"s"}, retained}})};
    return world.evaluate();
  };
  EXPECT_EQ(look(1, 0, 5), Said{});
  EXPECT_EQ(look(2, 0, 15), Said{"s: ok -> warning"});
  EXPECT_EQ(look(3, 0, 15), Said{});
  EXPECT_EQ(look(4, 1, 15), Said{"s: warning -> ok"});
  EXPECT_EQ(world.result_.level_changes.at(0).reason, Reason::condition);
}

TEST(Evaluation, AConditionIsNotDecidedWhileOneOfItsMetricsIsNotKnown) {
  World world({make_rule(idle_and_big)});
  const SteadyTime now = world.clock_.steady_now();
  const SnapshotPtr retained = slots(1, now, "retained", {{{"s"}, 15}});
  world.snapshots_ = {slots(1, now, "active", {{{"s"}, 0}}), retained};
  EXPECT_EQ(world.evaluate(), Said{"s: ok -> warning"});
  for (std::uint64_t run = 2; run < 30; ++run) {  // the slow one grows old, and its subject is not there at all
    world.snapshots_ = {slots(run, world.clock_.steady_now(), "active", {{{"s"}, 0}}), retained};
    EXPECT_EQ(world.evaluate(), Said{});
  }
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  world.snapshots_ = {slots(40, world.clock_.steady_now(), "active", {{{"s"}, 0}}),
                      slots(2, world.clock_.steady_now(), "retained", {{{"s"}, unknown}})};
  EXPECT_EQ(world.evaluate(), Said{});
  world.snapshots_ = {slots(41, world.clock_.steady_now(), "active", {{{"s"}, 0}}),
                      slots(3, world.clock_.steady_now(), "retained", {{{"s"}, 1}})};
  EXPECT_EQ(world.evaluate(), Said{"s: warning -> ok"});
}

TEST(Evaluation, ASubjectOfTwoMetricsIsGoneWhenTheSlowerSourceHasRunTwiceWithoutIt) {
  World world({make_rule("id: r\nexpr: active + retained\nwarning: { above: 10 }\nsummary: s")});
  const auto slow = [&](std::uint64_t run, const std::vector<Series>& series) {
    Snapshot snapshot = *slots(run, world.clock_.steady_now(), "retained", series);
    snapshot.valid_for = seconds(600);
    return std::make_shared<const Snapshot>(snapshot);
  };
  SnapshotPtr last = slow(1, {{{"s"}, 15}});
  std::uint64_t run = 0;
  const auto look = [&] {
    world.snapshots_ = {slots(++run, world.clock_.steady_now(), "active", {{{"s"}, 0}}), last};
    return world.evaluate();
  };
  EXPECT_EQ(look(), Said{"s: ok -> warning"});
  last = slow(2, {});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(look(), Said{}) << "the fast source alone says nothing";
  last = slow(3, {});
  EXPECT_EQ(look(), Said{"s: warning -> ok"});
  EXPECT_EQ(world.result_.level_changes.at(0).reason, Reason::subject_gone);
}

TEST(Evaluation, ARuleThatCannotBeEvaluatedIsReportedAndTouchesNoOther) {
  World world({make_rule("id: wrong\nexpr: m * on() m\nwarning: { above: 1 }\nsummary: s"), make_rule(above_ten)});
  EXPECT_EQ(world.report({{{"a"}, 11}, {{"b"}, 12}}).evaluate(), (Said{"a: ok -> warning", "b: ok -> warning"}));
  ASSERT_EQ(world.result_.problems.size(), 1U);
  EXPECT_EQ(world.result_.problems[0].substr(0, 12), "rule wrong: ");
  EXPECT_FALSE(world.result_.rules.at(0).problem.empty());
  EXPECT_TRUE(world.result_.rules.at(1).problem.empty());
  EXPECT_EQ(world.result_.rules.at(1).subjects, 2U);
}

TEST(Evaluation, ARuleThatBeginsToFailKeepsItsAlerts) {
  World world({make_rule("id: r\nexpr: m * on() m\nwarning: { above: 10 }\nsummary: s")});
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(), Said{"db1: ok -> warning"});
  EXPECT_EQ(world.report({{{"a"}, 0}, {{"b"}, 0}}).evaluate(), Said{});
  EXPECT_EQ(world.alerts_.size(), 1U);
}

TEST(Evaluation, ANumberIsASubjectWithoutLabels) {
  World world({make_rule("id: r\nexpr: scalar(m)\nwarning: { above: 10 }\nsummary: s")});
  EXPECT_EQ(world.report({{{"a"}, 11}}).evaluate(), Said{"db1: ok -> warning"});
  EXPECT_EQ(world.report({{{"a"}, 1}}).evaluate(), Said{"db1: warning -> ok"});
}

TEST(Evaluation, AnAbsentMetricIsFoundAbsentOnlyByItsSource) {
  World world({make_rule("id: r\nexpr: absent(m{datname='shop'})\nlevel: critical\nsummary: s")});
  world.source_is_unknown();
  EXPECT_EQ(world.evaluate(), Said{});
  EXPECT_EQ(world.report({{{"other"}, 1}}).evaluate(), Said{"shop: ok -> critical"});
  EXPECT_EQ(world.report({{{"shop"}, 1}}).evaluate(), Said{"shop: critical -> ok"});
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
