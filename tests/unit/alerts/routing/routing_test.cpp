#include "alerts/routing/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/alerts/routing/stage.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr Level critical = Level::critical;
constexpr Level warning = Level::warning;

TEST(Routing, WithoutRoutesEverythingGoesToAllChannelsByTheirLevel) {
  RoutingStage stage("", {grouped_channel("chat"), grouped_channel("urgent", critical)});
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning"));
  EXPECT_THAT(stage.step(), IsEmpty()) << "told twice";
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(),
              ElementsAre("chat trigger 2: disk/a critical (was warning)", "urgent trigger 1: disk/a critical"));
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 3: disk/a over", "urgent resolve 2: disk/a over"));
  EXPECT_THAT(stage.step(), IsEmpty());
  EXPECT_TRUE(stage.state.incidents.empty());
}

TEST(Routing, TheFirstRouteThatMatchesTakesAnAlert) {
  RoutingStage stage(R"(
routes:
  - { match: 'severity="critical"', to: [pager] }
  - { match: 'team=~"dba|app"', to: [chat], continue: true }
  - { match: 'rule="disk"', to: [mail] }
  - { match: 'rule="noise"', to: [] }
)",
                     {grouped_channel("chat"), grouped_channel("mail"), grouped_channel("pager")});
  stage.fire("lag/a", critical, {{"team", "dba"}});
  EXPECT_THAT(stage.step(), ElementsAre("pager trigger 1: lag/a critical"));
  stage.fire("lag/b", warning, {{"team", "dba"}});
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: lag/b warning"));
  stage.fire("disk/c", warning, {{"team", "app"}});
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/c warning", "mail trigger 1: disk/c warning"));
  stage.fire("noise/d");
  EXPECT_THAT(stage.step(), IsEmpty()) << "to nobody, as the route says";
  stage.fire("other/e");
  EXPECT_THAT(stage.step(), SizeIs(3)) << "an alert that no route takes is not lost";
}

TEST(Routing, AMessageKnowsItsRouteAndWhoTakesItOtherwise) {
  RoutingStage stage("routes: [{ to: chat, fallback: mail }]", {grouped_channel("chat"), grouped_channel("mail")});
  stage.fire("disk/a");
  const auto messages = stage.messages();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].route, "route 1");
  EXPECT_EQ(messages[0].fallback, std::vector<std::string>{"mail"});
  EXPECT_EQ(messages[0].group, (Labels{{"rule", "disk"}}));
  EXPECT_TRUE(messages[0].key.starts_with("pgvigil:") && messages[0].key.size() <= 255) << messages[0].key;
}

TEST(Grouping, AlertsOfOneRuleShareAMessageAndLaterOnesAreToldAtOnce) {
  RoutingStage stage;
  stage.fire("disk/a");
  stage.fire("disk/b", critical);
  stage.fire("lag/c");
  EXPECT_THAT(stage.step(),
              UnorderedElementsAre("chat trigger 1: disk/b critical, disk/a warning", "chat trigger 1: lag/c warning"));
  stage.fire("disk/d");
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/b critical, disk/a warning, disk/d warning"));
}

TEST(Grouping, ThatAPartIsOverCanWaitButTheEndIsToldAtOnce) {
  RoutingStage stage;
  stage.fire_many("disk", 3);
  stage.step();
  stage.end("disk/0000");
  EXPECT_THAT(stage.step(10s), IsEmpty());
  stage.end("disk/0001");
  EXPECT_THAT(stage.step(40s), IsEmpty());
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/0002 warning, disk/0001 over, disk/0000 over"));
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.end("disk/0002");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 3: disk/0002 over, disk/0001 over, disk/0000 over"));
}

TEST(Grouping, AnAlertThatComesBackIntoItsGroupIsNews) {
  RoutingStage stage;
  stage.fire_many("disk", 2);
  stage.step();
  stage.end("disk/0000");
  stage.step();
  stage.fire("disk/0000");
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/0001 warning, disk/0000 warning"));
}

TEST(Grouping, AWorseLevelIsToldAtOnceABetterOneCanWait) {
  RoutingStage stage;
  stage.fire("disk/a", critical);
  stage.step();
  stage.fire("disk/a", warning);
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(60s), IsEmpty()) << "the channel knows it as critical";
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.fire("disk/a", warning);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/a warning (was critical)"));
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 3: disk/a critical (was warning)"));
}

TEST(Grouping, TheFirstMessageWaitsForMore) {
  RoutingStage stage("group: { wait: 30s }");
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(20s), IsEmpty());
  stage.fire("disk/b");
  EXPECT_THAT(stage.step(10s), IsEmpty());
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning, disk/b warning"));
  stage.fire("disk/c");
  EXPECT_THAT(stage.step(), SizeIs(1)) << "a later one does not wait";
}

TEST(Grouping, WhatEndsWhileItsGroupWaitsIsNotTold) {
  RoutingStage stage("group: { wait: 30s }");
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.end("disk/a");
  EXPECT_THAT(stage.step(60s), IsEmpty());
  EXPECT_THAT(stage.step(), IsEmpty());
  EXPECT_TRUE(stage.state.waiting.empty());
}

TEST(Grouping, SaysWhenAGroupHasWaitedLongEnough) {
  RoutingStage stage("group: { wait: 30s }");
  stage.fire("disk/a");
  const RoutingChanges changes = route({stage.options, stage.channels, stage.alerts, stage.changes, stage.state,
                                        stage.wishes, stage.clock.steady_now(), stage.clock.wall_now(), false});
  EXPECT_EQ(changes.next, stage.clock.steady_now() + 30s);
}

TEST(Grouping, ByOtherLabelsOrNone) {
  const auto messages_with = [](const std::string& by) {
    RoutingStage stage("group: { by: " + by + " }");
    stage.fire("disk/a", warning, {{"team", "dba"}});
    stage.fire("lag/b", warning, {{"team", "dba"}});
    stage.fire("lag/c", warning, {{"team", "app"}});
    return stage.step();
  };
  EXPECT_THAT(messages_with("[rule]"), SizeIs(2));
  EXPECT_THAT(messages_with("[team]"), SizeIs(2));
  EXPECT_THAT(messages_with("[rule, team]"), SizeIs(3));
  EXPECT_THAT(messages_with("[]"), SizeIs(1)) << "one group for all";
  EXPECT_THAT(messages_with("[...]"), SizeIs(3)) << "each alone";
}

TEST(Grouping, BySeverityAnAlertChangesItsGroupWithItsLevel) {
  RoutingStage stage("group: { by: [severity] }");
  stage.fire("disk/a");
  stage.fire("lag/b");
  EXPECT_THAT(stage.step(), SizeIs(1));
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(60s), ElementsAre("chat trigger 1: disk/a critical (was warning)"));
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: lag/b warning, disk/a over"));
  stage.end("disk/a");
  stage.end("lag/b");
  EXPECT_THAT(stage.step(),
              UnorderedElementsAre("chat resolve 2: disk/a over", "chat resolve 3: lag/b over, disk/a over"));
}

TEST(Grouping, AThousandAlertsAtOnceAreOneMessageForEachChannel) {
  RoutingStage stage("", {grouped_channel("chat"), grouped_channel("mail"), pager_channel("pager")});
  stage.fire_many("disk", 1000);
  const auto messages = stage.messages();
  ASSERT_EQ(messages.size(), 3U);
  for (const Notification& message : messages) {
    EXPECT_EQ(message.alerts.size(), max_alerts_listed);
    EXPECT_EQ(message.more_firing, 900U);
  }
  for (int i = 0; i < 1000; ++i) stage.end(fmt::format("disk/{:04}", i));
  EXPECT_THAT(stage.step(), SizeIs(3));
  EXPECT_TRUE(stage.state.incidents.empty());
}

TEST(Grouping, AGroupThatLastsForMonthsDoesNotGrow) {
  RoutingStage stage;
  stage.fire("disk/lasting");
  for (int i = 0; i < 300; ++i) {
    stage.fire(fmt::format("disk/{}", i));
    stage.step();
    stage.end(fmt::format("disk/{}", i));
    stage.step();
  }
  ASSERT_EQ(stage.state.incidents.size(), 1U);
  EXPECT_LE(stage.state.incidents.begin()->second.members.size(), max_alerts_listed + 2);
  stage.end("disk/lasting");
  const auto last = stage.messages();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].alerts.size() + last[0].more_over, 301U);
}

TEST(PerAlert, EachAlertHasItsOwnIncidentAndEachLevelItsOwnKey) {
  RoutingStage stage("", {pager_channel("pager")});
  stage.fire("disk/a");
  stage.fire("disk/b");
  const auto first = stage.messages();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NE(first[0].key, first[1].key);
  EXPECT_TRUE(first[0].group.empty());
  stage.fire("disk/a", critical);
  const auto second = stage.messages();
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(in_words(second[0]), "pager trigger 1: disk/a critical (was warning)");
  EXPECT_EQ(in_words(second[1]), "pager resolve 2: disk/a over") << "after the new one is open";
  EXPECT_EQ(second[1].key, first[0].key);
  stage.fire("disk/a", warning);
  EXPECT_THAT(stage.step(),
              ElementsAre("pager trigger 1: disk/a warning (was critical)", "pager resolve 2: disk/a over"));
}

TEST(PerAlert, WithoutTheLevelInTheKeyAChangeUpdatesTheIncident) {
  ChannelPolicy manager = pager_channel("manager");
  manager.level_in_key = false;
  RoutingStage stage("", {manager});
  stage.fire("disk/a");
  stage.step();
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(), ElementsAre("manager trigger 2: disk/a critical (was warning)"));
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("manager resolve 3: disk/a over"));
}

TEST(PerAlert, AStormIsOneIncidentThatEndsWhenAllOfItIsOver) {
  RoutingStage stage("group: { digest_after: 3 }", {pager_channel("pager")});
  stage.fire_many("calm", 3);
  EXPECT_THAT(stage.step(), SizeIs(3));
  stage.fire_many("storm", 4);
  const auto messages = stage.messages();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].alerts.size(), 4U);
  EXPECT_EQ(messages[0].group, (Labels{{"rule", "storm"}}));
  stage.fire("storm/late");
  EXPECT_THAT(stage.step(60s), ElementsAre("pager trigger 1: storm/late warning")) << "no longer a storm";
  for (int i = 0; i < 3; ++i) stage.end(fmt::format("storm/000{}", i));
  EXPECT_THAT(stage.step(60s), SizeIs(1));
  stage.end("storm/0003");
  const auto last = stage.messages();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].kind, Notification::Kind::resolve);
  EXPECT_EQ(last[0].key, messages[0].key);
}

TEST(PerAlert, AnAlertThatGetsWorseLeavesItsStorm) {
  RoutingStage stage("group: { digest_after: 3 }", {pager_channel("pager")});
  stage.fire_many("storm", 4);
  stage.step(60s);
  stage.fire("storm/0000", critical);
  EXPECT_THAT(stage.step(), ElementsAre("pager trigger 1: storm/0000 critical (was warning)",
                                        "pager trigger 2: storm/0001 warning, storm/0002 warning, storm/0003 warning, "
                                        "storm/0000 over"))
      << "an acknowledged storm must not swallow it";
}

TEST(Levels, AnAlertThatFallsBelowAChannelsLevelIsOverForIt) {
  for (const char* yaml : {"", "routes: [{ match: 'severity=\"critical\"', to: urgent }, { to: chat }]"}) {
    RoutingStage stage(yaml, {grouped_channel("chat"), grouped_channel("urgent", critical)});
    stage.fire("disk/a", critical);
    stage.step();
    stage.fire("disk/a", warning);
    EXPECT_THAT(stage.step(), testing::Contains("urgent resolve 2: disk/a over")) << yaml;
    stage.end("disk/a");
    EXPECT_THAT(stage.step(), SizeIs(1));
    EXPECT_TRUE(stage.state.incidents.empty());
  }
}

TEST(Reminders, AreSentWhileSomethingFires) {
  RoutingStage stage("group: { repeat: 1h }");
  stage.fire("disk/a");
  stage.step(59min);
  EXPECT_THAT(stage.step(1min), IsEmpty());
  EXPECT_THAT(stage.step(30min), ElementsAre("chat repeat 2: disk/a warning"));
  stage.fire("disk/b");
  EXPECT_THAT(stage.step(59min), SizeIs(1));
  EXPECT_THAT(stage.step(1min), IsEmpty()) << "counted from the last message";
  EXPECT_THAT(stage.step(), SizeIs(1));
}

TEST(Reminders, ZeroMeansNever) {
  RoutingStage stage("group: { repeat: 0s }");
  stage.fire("disk/a");
  stage.step(std::chrono::hours(1000));
  EXPECT_THAT(stage.step(), IsEmpty());
}

TEST(Reminders, AReceiverThatForgetsIsToldAgainEvenOfWhatIsSilenced) {
  ChannelPolicy manager = pager_channel("manager");
  manager.refresh_every = 1min;
  RoutingStage stage("group: { repeat: 0s }", {manager});
  stage.fire("disk/a");
  stage.step(1min);
  stage.silence("rule=\"disk\"", 2h);
  EXPECT_THAT(stage.step(), ElementsAre("manager repeat 2: disk/a warning")) << "it would take it for over";
}

TEST(Reminders, AJumpOfTheWallClockMakesNoneDue) {
  RoutingStage stage("group: { wait: 30s }");
  stage.fire("disk/a");
  stage.step(10s);
  stage.clock.set_wall(stage.clock.wall_now() - 24h);
  EXPECT_THAT(stage.step(20s), IsEmpty());
  EXPECT_THAT(stage.step(), SizeIs(1)) << "the first message is neither lost nor late";
  for (const auto jump : {24h, -48h, 24h}) {
    stage.clock.set_wall(stage.clock.wall_now() + jump);
    EXPECT_THAT(stage.step(), IsEmpty());
  }
}

TEST(Silences, KeepBackWhatIsNewUntilTheyEnd) {
  RoutingStage stage;
  stage.silence("rule=\"disk\"", 1h);
  stage.fire("disk/a");
  stage.fire("lag/b");
  EXPECT_THAT(stage.step(1h), ElementsAre("chat trigger 1: lag/b warning"));
  stage.forget_ended_silences();
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning"));
}

TEST(Silences, NeverKeepBackThatSomethingIsOver) {
  RoutingStage stage("group: { repeat: 1h }", {grouped_channel("chat"), pager_channel("pager")});
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(), SizeIs(2));
  stage.silence("rule=\"disk\"", 24h);
  EXPECT_THAT(stage.step(2h), IsEmpty());
  EXPECT_THAT(stage.step(), IsEmpty()) << "a reminder of what is silenced";
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 2: disk/a over", "pager resolve 2: disk/a over"));
}

TEST(Silences, AnAlertThatGotWorseMeanwhileIsToldAfterwards) {
  RoutingStage stage("", {grouped_channel("chat"), pager_channel("pager")});
  stage.fire("disk/a");
  stage.step();
  stage.silence("rule=\"disk\"", 1h);
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(1h), IsEmpty());
  stage.forget_ended_silences();
  EXPECT_THAT(stage.step(),
              ElementsAre("chat trigger 2: disk/a critical (was warning)",
                          "pager trigger 1: disk/a critical (was warning)", "pager resolve 2: disk/a over"));
}

TEST(Acknowledgements, StopRemindersAndLowerLevelsButNotAWorseOne) {
  RoutingStage stage("group: { repeat: 1h }", {grouped_channel("chat")});
  stage.fire("disk/a");
  stage.step();
  stage.wishes.acknowledgements["disk/a"] = {"disk/a", warning, "ann", "on it", stage.clock.wall_now() + 24h, {}};
  EXPECT_THAT(stage.step(2h), IsEmpty());
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(2h), ElementsAre("chat trigger 2: disk/a critical (was warning)"));
  stage.wishes.acknowledgements["disk/a"].level = critical;
  EXPECT_THAT(stage.step(24h), IsEmpty());
  EXPECT_THAT(stage.step(), ElementsAre("chat repeat 3: disk/a critical")) << "it has ended";
}

TEST(Inhibition, ACauseHidesItsConsequencesOfTheSameServer) {
  RoutingStage stage("inhibit: [{ if: 'rule=\"down\"', mute: 'rule!=\"down\"', equal: [instance] }]");
  stage.fire("down/a");
  stage.fire("lag/b");
  stage.fire("lag/c").instance = "db2";
  EXPECT_THAT(stage.step(), UnorderedElementsAre("chat trigger 1: down/a warning", "chat trigger 1: lag/c warning"));
  stage.end("down/a");
  EXPECT_THAT(stage.step(), UnorderedElementsAre("chat resolve 2: down/a over", "chat trigger 1: lag/b warning"));
}

TEST(Inhibition, AnAlertDoesNotHideItselfAndNotItsEnd) {
  RoutingStage stage("inhibit: [{ if: 'severity=\"critical\"', mute: 'severity=~\".+\"', equal: [rule] }]");
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(), SizeIs(1));
  RoutingStage other("inhibit: [{ if: 'rule=\"down\"', mute: 'rule!=\"down\"' }]");
  other.fire("lag/b");
  other.step();
  other.fire("down/a");
  EXPECT_THAT(other.step(), SizeIs(1));
  other.end("lag/b");
  EXPECT_THAT(other.step(), ElementsAre("chat resolve 2: lag/b over"));
}

TEST(MuteTimes, KeepBackWhatTheirRoutesWouldTell) {
  RoutingStage stage(R"(
mute_times: [{ name: morning, from: "00:00", to: "01:00" }]
routes:
  - { match: 'severity="critical"', to: chat }
  - { to: chat, mute: morning }
)");
  stage.fire("disk/a");
  stage.fire("lag/b", critical);
  EXPECT_THAT(stage.step(1h), ElementsAre("chat trigger 1: lag/b critical"));
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning"));
}

TEST(ChangedRoutes, TellNothingTwiceAndStrandNothing) {
  RoutingStage stage("routes: [{ match: 'rule=\"disk\"', to: [chat, pager] }]",
                     {grouped_channel("chat"), pager_channel("pager")});
  stage.fire("disk/a");
  const auto first = stage.messages();
  ASSERT_EQ(first.size(), 2U);
  stage.configure("routes: [{ match: 'name=\"a\"', to: chat, group_by: [name] }, { to: pager }]");
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.configure("routes: [{ to: [] }]");
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.end("disk/a", Reason::rule_removed);
  const auto last = stage.messages();
  ASSERT_EQ(last.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(last[i].kind, Notification::Kind::resolve);
    EXPECT_EQ(last[i].key, first[i].key);
    EXPECT_EQ(last[i].alerts[0].reason, Reason::rule_removed);
    EXPECT_EQ(last[i].alerts[0].announcement.summary, "disk/a") << "it speaks of what was told";
  }
}

TEST(ChangedRoutes, AChannelThatIsGoneIsStillOwedTheEnd) {
  RoutingStage stage("", {grouped_channel("chat"), grouped_channel("mail")});
  stage.fire("disk/a");
  stage.step();
  stage.channels.pop_back();
  stage.configure("");
  EXPECT_THAT(stage.step(100h), testing::Not(testing::Contains(testing::StartsWith("mail"))));
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), testing::Contains("mail resolve 2: disk/a over"));
}

TEST(Flapping, IsToldOnceAndOnceWhenItIsOver) {
  RoutingStage stage("", {grouped_channel("chat"), pager_channel("pager")});
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(), SizeIs(2));
  stage.fire("disk/a").state.flaps.flapping = true;
  EXPECT_THAT(stage.step(),
              ElementsAre("chat trigger 2: disk/a warning flapping", "pager trigger 2: disk/a warning flapping"));
  for (int i = 0; i < 10; ++i) {
    set_level(stage.alerts.at("disk/a"), i % 2 == 0 ? std::nullopt : std::optional(warning));
    EXPECT_THAT(stage.step(), IsEmpty());
  }
  stage.fire("disk/a", critical).state.flaps.flapping = true;
  EXPECT_THAT(stage.step(), SizeIs(3)) << "that it gets worse is told all the same";
  stage.fire("disk/a", warning).state.flaps.flapping = true;
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 4: disk/a over", "pager resolve 2: disk/a over"));
}

TEST(Flapping, AnAlertThatIsCalmAgainAndFiresIsToldAsSuch) {
  RoutingStage stage;
  stage.fire("disk/a").state.flaps.flapping = true;
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning flapping"));
  stage.fire("disk/a").state.flaps.flapping = false;
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/a warning"));
}

TEST(AlertsAboutChannels, AreToldByEveryOtherChannel) {
  RoutingStage stage("routes: [{ to: chat }]",
                     {grouped_channel("chat"), grouped_channel("mail"), pager_channel("pager")});
  stage.fire("channel-failing/x", warning, {{"channel", "chat"}});
  EXPECT_THAT(stage.step(),
              ElementsAre("mail trigger 1: channel-failing/x warning", "pager trigger 1: channel-failing/x warning"));
  RoutingStage lonely("", {grouped_channel("chat")});
  lonely.fire("channel-failing/x", warning, {{"channel", "chat"}});
  EXPECT_THAT(lonely.step(), SizeIs(1)) << "there is no other";
  lonely.fire("replication/y", warning, {{"channel", "some_subscription"}});
  EXPECT_THAT(lonely.step(), SizeIs(1)) << "a label of that name that speaks of something else";
}

TEST(TheHoldAtTheStart, KeepsBackWhatIsNewAndNothingElse) {
  RoutingStage stage;
  stage.fire("disk/a");
  stage.fire("disk/b");
  stage.step();
  stage.hold = true;
  stage.fire("lag/c");
  stage.fire("disk/a", critical);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 2: disk/a critical (was warning), disk/b warning"));
  stage.end("disk/a");
  stage.end("disk/b");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 3: disk/a over, disk/b over"));
  stage.hold = false;
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: lag/c warning"));
}

TEST(TheHoldAtTheStart, ShowsAnInhibitingAlertBeforeItsConsequences) {
  RoutingStage stage("inhibit: [{ if: 'rule=\"down\"', mute: 'rule!=\"down\"' }]");
  stage.hold = true;
  stage.fire("lag/a");
  EXPECT_THAT(stage.step(), IsEmpty());
  stage.hold = false;
  stage.fire("down/b");
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: down/b warning"));
}

TEST(Replicas, OfOneTargetAreAllToldUnderOneKey) {
  ChannelPolicy one = pager_channel("manager-1");
  ChannelPolicy two = pager_channel("manager-2");
  one.target = two.target = "manager";
  RoutingStage stage("routes: [{ to: manager }]", {one, two});
  stage.fire("disk/a");
  const auto messages = stage.messages();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].key, messages[1].key);
  EXPECT_NE(messages[0].channel, messages[1].channel);
}

}  // namespace
}  // namespace pgvigil
