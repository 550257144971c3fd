#include <gtest/gtest.h>

#include "alerts/alert_store.h"
#include "alerts/outbox.h"
#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

const WallTime start{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

Notification message(const std::string& channel, const std::string& alert, const std::string& rule) {
  Notification result;
  result.channel = channel;
  result.alert = alert;
  result.rule = rule;
  result.at = start;
  return result;
}

Alert alert(const std::string& id, std::optional<Level> level, WallTime since) {
  Alert result;
  result.id = id;
  result.rule = id;
  result.subject = {{"datname", "shop"}};
  result.instance = "db1";
  result.task = "activity";
  result.since = since;
  result.value = 7.5;
  result.announcement = {"shop", {{"datname", "shop"}, {"team", "dba"}}, "summary", "description", "runbook"};
  result.told = {{"slack", Level::warning}, {"pager", Level::critical}};
  if (level) {
    result.state.levels[index_of(*level)].active = true;
  } else {
    result.state.levels[0].rising = {milliseconds(1234), true, true};
  }
  return result;
}

class StoreTest : public testing::Test {
 protected:
  void add(const std::vector<Notification>& messages) { alerts_.commit({{}, {}, messages}); }

  // The rule of the message that the channel gets next, and that message is then delivered.
  std::string deliver(std::string_view channel, WallTime now = start) {
    const auto row = outbox_.next(channel, now);
    if (!row) return "";
    outbox_.delivered(row->id);
    return row->notification.rule;
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  Outbox outbox_{store_};
  AlertStore alerts_{store_};
};

TEST_F(StoreTest, AlertsComeBackAsTheyWere) {
  const Alert saved = alert("a", Level::critical, start);
  alerts_.commit({{saved}, {}, {}});
  const Alerts loaded = AlertStore(store_).load();
  ASSERT_EQ(loaded.size(), 1U);
  const Alert& read = loaded.at("a");
  EXPECT_EQ(read.rule, saved.rule);
  EXPECT_EQ(read.subject, saved.subject);
  EXPECT_EQ(read.instance, saved.instance);
  EXPECT_EQ(read.task, saved.task);
  EXPECT_EQ(read.state, saved.state);
  EXPECT_EQ(read.since, saved.since);
  EXPECT_EQ(read.value, saved.value);
  EXPECT_EQ(read.announcement, saved.announcement);
  EXPECT_EQ(read.told, saved.told);
}

TEST_F(StoreTest, PendingTimeIsKept) {
  alerts_.commit({{alert("a", std::nullopt, start)}, {}, {}});
  EXPECT_EQ(alerts_.load().at("a").state.levels[0].rising.held, milliseconds(1234));
}

TEST_F(StoreTest, RemovedAlertsAreGone) {
  alerts_.commit({{alert("a", Level::warning, start), alert("b", Level::warning, start)}, {}, {}});
  alerts_.commit({{}, {"a"}, {}});
  EXPECT_EQ(alerts_.load().size(), 1U);
}

TEST_F(StoreTest, AnAlertAndItsMessagesAreStoredTogetherOrNotAtAll) {
  int steps = 0;
  store_.observe_steps([&] {
    if (++steps == 3) throw Error(Error::Kind::unavailable, "disk full");
  });
  EXPECT_THROW(alerts_.commit({{alert("a", Level::warning, start)}, {}, {message("slack", "a", "r")}}), Error);
  store_.observe_steps({});
  EXPECT_TRUE(alerts_.load().empty());
  EXPECT_FALSE(outbox_.next("slack", start).has_value());
}

TEST_F(StoreTest, ThePageShowsFiringAlertsFirstAndTheWorstOnTop) {
  Alerts alerts;
  for (const Alert& one : {alert("pending", std::nullopt, start), alert("young", Level::warning, start + seconds(5)),
                           alert("old", Level::warning, start), alert("worst", Level::critical, start + seconds(9))}) {
    alerts.emplace(one.id, one);
  }
  alerts_.show(alerts);
  std::vector<std::string> rules;
  for (const AlertView& view : alerts_.current()) rules.push_back(view.rule);
  EXPECT_EQ(rules, (std::vector<std::string>{"worst", "old", "young", "pending"}));
  EXPECT_EQ(alerts_.current().at(0).summary, "summary");
  EXPECT_EQ(alerts_.current().at(3).state, AlertView::State::pending);
}

TEST_F(StoreTest, MessagesOfOneAlertKeepTheirOrder) {
  add({message("slack", "a", "first"), message("slack", "a", "second")});
  const auto first = outbox_.next("slack", start);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->notification.rule, "first");
  outbox_.postpone(first->id, start + seconds(30));
  EXPECT_FALSE(outbox_.next("slack", start).has_value()) << "the second message overtook the first";
  EXPECT_EQ(deliver("slack", start + seconds(30)), "first");
  EXPECT_EQ(deliver("slack", start + seconds(30)), "second");
}

TEST_F(StoreTest, AMessageThatIsRefusedHoldsUpNoOtherAlert) {
  add({message("slack", "a", "refused"), message("slack", "b", "other")});
  outbox_.postpone(outbox_.next("slack", start)->id, start + seconds(30));
  EXPECT_EQ(deliver("slack"), "other");
  EXPECT_EQ(outbox_.next_due("slack"), start + seconds(30));
}

TEST_F(StoreTest, ChannelsHaveNothingToDoWithEachOther) {
  add({message("slack", "a", "for slack"), message("pager", "a", "for pager")});
  EXPECT_EQ(deliver("pager"), "for pager");
  EXPECT_EQ(deliver("pager"), "");
  EXPECT_EQ(deliver("slack"), "for slack");
}

TEST_F(StoreTest, AttemptsAreCounted) {
  add({message("slack", "a", "r")});
  EXPECT_EQ(outbox_.next("slack", start)->attempts, 0);
  outbox_.postpone(outbox_.next("slack", start)->id, start);
  outbox_.postpone(outbox_.next("slack", start)->id, start);
  EXPECT_EQ(outbox_.next("slack", start)->attempts, 2);
}

TEST_F(StoreTest, AWallClockThatJumpsBackDelaysNothingForLong) {
  add({message("slack", "a", "r")});
  outbox_.postpone(outbox_.next("slack", start)->id, start + seconds(30));
  EXPECT_EQ(deliver("slack", start - std::chrono::hours(24 * 365)), "r");
}

TEST_F(StoreTest, ABuriedMessageIsNoLongerInTheWay) {
  add({message("slack", "a", "dead"), message("slack", "a", "alive")});
  outbox_.bury(outbox_.next("slack", start)->id, "too old", start);
  EXPECT_EQ(outbox_.backlog("slack").pending, 1);
  EXPECT_EQ(deliver("slack"), "alive");
}

TEST_F(StoreTest, TheBacklogKnowsHowOldItIs) {
  EXPECT_EQ(outbox_.backlog("slack").pending, 0);
  EXPECT_FALSE(outbox_.backlog("slack").oldest.has_value());
  add({message("slack", "a", "r"), message("slack", "b", "s")});
  EXPECT_EQ(outbox_.backlog("slack").pending, 2);
  EXPECT_EQ(outbox_.backlog("slack").oldest, start);
}

TEST_F(StoreTest, NumbersOfMessagesAreNeverUsedAgain) {
  add({message("slack", "a", "r")});
  const auto first = outbox_.next("slack", start)->id;
  outbox_.delivered(first);
  add({message("slack", "a", "r")});
  EXPECT_GT(outbox_.next("slack", start)->id, first);
}

TEST_F(StoreTest, ADamagedMessageIsBuriedAndHoldsUpNothing) {
  store_.transaction([](LocalStore::Transaction& transaction) {
    transaction.execute(
        "INSERT INTO outbox (channel, alert, body, created_at, not_before) VALUES ('slack', 'a', '{', 0, 0)");
  });
  add({message("slack", "a", "alive")});
  EXPECT_EQ(deliver("slack"), "alive");
}

}  // namespace
}  // namespace pgvigil
