#include "alerts/routing/routing_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/alert_json.h"
#include "alerts/alert_store.h"
#include "alerts/lifecycle_json.h"
#include "core/sha256.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/routing/stage.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class RoutingStoreTest : public testing::Test {
 protected:
  void save(const RoutingChanges& changes) {
    store_.transaction([&](LocalStore::Transaction& transaction) { RoutingStore::append(transaction, changes); });
  }

  // The agent is started again.
  void restart(RoutingStage& stage) {
    stage.state = RoutingStore(store_).load(stage.clock.steady_now(), stage.clock.wall_now());
  }

  void keep_on_disk(RoutingStage& stage) {
    stage.stored = [this](const RoutingChanges& changes) { save(changes); };
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
};

TEST_F(RoutingStoreTest, NothingIsToldTwiceAfterARestartAndNothingIsForgotten) {
  AlertStore alerts(store_);
  RoutingStore routing(store_);
  RoutingStage stage("group: { repeat: 1h }", {grouped_channel("chat"), pager_channel("pager")});
  keep_on_disk(stage);
  stage.fire("disk/a", Level::critical);
  stage.fire("disk/b");
  stage.step();
  restart(stage);
  EXPECT_THAT(stage.step(10min), IsEmpty());
  stage.end("disk/b");
  EXPECT_THAT(stage.step(40min), testing::SizeIs(2));
  restart(stage);
  EXPECT_THAT(stage.step(10min), IsEmpty());
  restart(stage);
  stage.clock.advance(1h);
  EXPECT_THAT(stage.step(),
              ElementsAre("chat repeat 3: disk/a critical, disk/b over", "pager repeat 2: disk/a critical"));
  restart(stage);
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 4: disk/a over, disk/b over", "pager resolve 3: disk/a over"));
  restart(stage);
  EXPECT_TRUE(stage.state.incidents.empty());
}

TEST_F(RoutingStoreTest, AnAgentThatIsStartedAgainAndAgainStillTellsWhatWaits) {
  AlertStore alerts(store_);
  RoutingStore routing(store_);
  RoutingStage stage("group: { wait: 30s }", {grouped_channel("chat")});
  keep_on_disk(stage);
  stage.fire("disk/a");
  EXPECT_THAT(stage.step(20s), IsEmpty());
  restart(stage);
  EXPECT_THAT(stage.step(20s), IsEmpty());
  restart(stage);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning"));
}

TEST_F(RoutingStoreTest, AClockThatWasSetBackBetweenTwoStartsLosesNothing) {
  AlertStore alerts(store_);
  RoutingStore routing(store_);
  RoutingStage stage("group: { wait: 30s, repeat: 1h }", {grouped_channel("chat")});
  keep_on_disk(stage);
  stage.fire("disk/a");
  stage.step(5s);
  stage.clock.set_wall(stage.clock.wall_now() - 24h);
  restart(stage);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a warning"));
  stage.clock.set_wall(stage.clock.wall_now() - 24h);
  restart(stage);
  EXPECT_THAT(stage.step(), IsEmpty()) << "no storm of reminders";
  stage.end("disk/a");
  EXPECT_THAT(stage.step(), ElementsAre("chat resolve 2: disk/a over"));
}

// The tables as they were before there were routes, with one alert that two channels were told of.
void write_old_tables(LocalStore& store, const Alert& alert) {
  store.migrate("alerts", {"CREATE TABLE alert ("
                           " id TEXT PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, instance TEXT NOT NULL,"
                           " task TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL, value TEXT NOT NULL,"
                           " announcement TEXT NOT NULL, told TEXT NOT NULL)"});
  store.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("INSERT INTO alert VALUES (?, ?, ?, ?, 't', ?, ?, '15', ?, ?)")
        .bind(alert.id)
        .bind(alert.rule)
        .bind(to_json(alert.subject).dump())
        .bind(alert.instance)
        .bind(to_json(alert.state).dump())
        .bind(std::int64_t{alert.since.time_since_epoch().count()})
        .bind(to_json(alert.announcement).dump())
        .bind(R"({"pager":"critical","chat":"warning"})")
        .step();
  });
}

TEST_F(RoutingStoreTest, WhatAnOlderVersionToldEndsUnderTheKeyThatItUsed) {
  RoutingStage stage("", {grouped_channel("chat"), pager_channel("pager")});
  write_old_tables(store_, stage.fire("disk/a", Level::critical));
  stage.changes.clear();
  AlertStore alerts(store_);
  RoutingStore routing(store_);
  EXPECT_EQ(alerts.load().at("disk/a").rule, "disk");
  restart(stage);
  EXPECT_THAT(stage.step(), ElementsAre("chat trigger 1: disk/a critical (was warning)", "chat resolve 2: disk/a over"))
      << "the pager knows it, the other channel knew it as a warning";
  restart(stage);
  stage.end("disk/a");
  const auto last = stage.messages();
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[1].channel, "pager");
  EXPECT_EQ(last[1].key, "pgvigil:" + sha256_hex("3:db1disk/acritical"));
  EXPECT_EQ(last[1].alerts[0].announcement.summary, "disk/a");
}

}  // namespace
}  // namespace pgvigil
