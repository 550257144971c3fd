#include "collectors/waits/wait_sampler.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/process.h"
#include "tests/support/task_reader.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class Waits : public testing::TestWithParam<int> {
 protected:
  Waits() {
    cluster_.execute("CREATE ROLE pgvigil LOGIN");
    cluster_.execute("GRANT pg_monitor TO pgvigil");
    cluster_.execute("CREATE DATABASE shop");
  }
  bool server_says(const std::string& condition) const {
    return cluster_.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE " + condition + ")").get(0, 0) == "t";
  }
  PgCluster cluster_{GetParam()};
  WaitSampler task_;
};

constexpr auto waits = "pg_wait_seconds_total";

TEST_P(Waits, ForLocksAreCountedSecondBySecond) {
  PgConnection holder = cluster_.connect("shop");
  holder.query("CREATE TABLE t ()");
  holder.query("BEGIN");
  holder.query("LOCK TABLE t");
  std::jthread waiter([this] { cluster_.execute("SELECT FROM t", "shop"); });
  ASSERT_TRUE(eventually(10s, [&] { return server_says("wait_event_type = 'Lock'"); }));
  TaskReader reader(cluster_, task_);
  reader.run();
  reader.run_after(1s);
  reader.run_after(2s);
  EXPECT_EQ(reader.value(waits, {{"datname", "shop"}, {"wait_event_type", "Lock"}, {"wait_event", "relation"}}), 3);
  EXPECT_EQ(reader.value("pg_wait_sampled_seconds_total"), 3);
  EXPECT_EQ(reader.value("pg_wait_samples_total"), 3);
  holder.query("COMMIT");
  waiter.join();
  reader.run_after(1s);
  EXPECT_EQ(reader.value(waits, {{"datname", "shop"}, {"wait_event_type", "Lock"}}), 3);
}

TEST_P(Waits, FollowARenamedDatabase) {
  TaskReader reader(cluster_, task_);
  const auto wait_in = [&](const std::string& database) {
    std::jthread sleeper([&] { EXPECT_THROW(cluster_.execute("SELECT pg_sleep(60)", database), Error); });
    ASSERT_TRUE(eventually(10s, [&] { return server_says("wait_event = 'PgSleep'"); }));
    reader.run_after(1s);
    reader.run_after(1s);
    cluster_.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
  };
  wait_in("shop");
  EXPECT_EQ(reader.count(waits, {{"datname", "market"}}), 0U);
  cluster_.execute("ALTER DATABASE shop RENAME TO market");
  wait_in("market");
  EXPECT_GE(reader.sum(waits, {{"datname", "market"}}), 1);
}

TEST_P(Waits, OfIdleSessionsAreNone) {
  PgConnection idle = cluster_.connect("shop");
  PgConnection in_transaction = cluster_.connect("shop");
  in_transaction.query("BEGIN");
  TaskReader reader(cluster_, task_);
  reader.run();
  reader.run_after(1s);
  EXPECT_EQ(reader.sum(waits, {{"datname", "shop"}}), 0);
}

TEST_P(Waits, AreNotGuessedWithoutTheRight) {
  cluster_.execute("CREATE ROLE nosy LOGIN");
  TaskReader reader(cluster_, task_, "postgres", "nosy");
  PgConnection hidden = cluster_.connect();
  reader.run();
  EXPECT_NE(reader.skipped().find("GRANT pg_read_all_stats"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Versions, Waits, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
