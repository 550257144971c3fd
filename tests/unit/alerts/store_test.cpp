#include <gtest/gtest.h>

#include "alerts/alert_history.h"
#include "alerts/alert_store.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

const WallTime start{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

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
  result.reason = Reason::no_data;
  result.threshold = 7;
  if (level) {
    result.state.levels[index_of(*level)].active = true;
  } else {
    result.state.levels[0].rising = {milliseconds(1234), true, true};
  }
  return result;
}

class StoreTest : public testing::Test {
 protected:
  void commit(const AlertChanges& changes) {
    store_.transaction([&](LocalStore::Transaction& transaction) { AlertStore::append(transaction, changes); });
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  AlertStore alerts_{store_};
};

TEST_F(StoreTest, AlertsComeBackAsTheyWere) {
  const Alert saved = alert("a", Level::critical, start);
  commit({{saved}, {}});
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
  EXPECT_EQ(read.reason, saved.reason);
  EXPECT_EQ(read.threshold, saved.threshold);
}

TEST_F(StoreTest, PendingTimeIsKept) {
  commit({{alert("a", std::nullopt, start)}, {}});
  EXPECT_EQ(alerts_.load().at("a").state.levels[0].rising.held, milliseconds(1234));
}

TEST_F(StoreTest, RemovedAlertsAreGone) {
  commit({{alert("a", Level::warning, start), alert("b", Level::warning, start)}, {}});
  commit({{}, {"a"}});
  EXPECT_EQ(alerts_.load().size(), 1U);
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

TEST_F(StoreTest, ThePageDoesNotShowWhatIsOnlyRememberedBecauseItFlaps) {
  Alerts alerts;
  Alert& calm = alerts["a"] = alert("a", Level::warning, start);
  calm.state = {};
  calm.state.flaps.flapping = true;
  alerts_.show(alerts);
  EXPECT_TRUE(alerts_.current().empty());
}

TEST(AlertHistory, KeepsEveryChangeInItsOrder) {
  const TempDir folder;
  LocalStore store(folder / "state.db");
  const AlertHistory history(store);
  const LevelChange began{"a", "r", "shop", std::nullopt, Level::warning, Reason::condition, 15, "s"};
  const LevelChange ended{"a", "r", "shop", Level::warning, std::nullopt, Reason::subject_gone, std::nullopt, "s"};
  store.transaction([&](LocalStore::Transaction& transaction) {
    AlertHistory::append(transaction, {began}, start);
    AlertHistory::append(transaction, {ended}, start + seconds(10));
  });
  const auto all = history.since(start);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].change.after, Level::warning);
  EXPECT_EQ(all[0].change.value, 15);
  EXPECT_EQ(all[1].change.reason, Reason::subject_gone);
  EXPECT_EQ(all[1].at, start + seconds(10));
  EXPECT_EQ(history.since(start + seconds(1)).size(), 1U);
  EXPECT_EQ(history.since(start, 1).at(0).change.before, Level::warning) << "the last ones";
}

}  // namespace
}  // namespace pgvigil
