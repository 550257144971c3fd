#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

const CatalogReader::Labels in_postgres{{"datname", "postgres"}};
constexpr milliseconds patience{20000};

class ActivityCatalog : public testing::TestWithParam<int> {
 protected:
  ActivityCatalog() { create_monitoring_role(cluster_); }

  PgCluster cluster_{GetParam()};
  CatalogReader reader_{cluster_};
};

TEST_P(ActivityCatalog, AnIdleTransactionIsSeenWhileItLasts) {
  const auto idle_seconds = [&] {
    return reader_.value("idle_in_transaction", "pg_stat_activity_idle_in_transaction_max_seconds", in_postgres);
  };
  EXPECT_EQ(idle_seconds(), 0) << "nobody is idle: the series is there and says 0";

  PgConnection forgetful = cluster_.connect();
  forgetful.query("BEGIN");
  EXPECT_TRUE(eventually(patience, [&] { return idle_seconds() > 0.05; }));
  EXPECT_EQ(reader_.value("idle_in_transaction", "pg_stat_activity_idle_in_transaction_sessions", in_postgres), 1);
  EXPECT_EQ(
      reader_.value("activity", "pg_stat_activity_count", {{"datname", "postgres"}, {"state", "idle in transaction"}}),
      1);

  forgetful.query("COMMIT");
  EXPECT_TRUE(eventually(patience, [&] { return idle_seconds() == 0; }));
}

TEST_P(ActivityCatalog, AnAbortedIdleTransactionCountsToo) {
  PgConnection forgetful = cluster_.connect();
  forgetful.query("BEGIN");
  EXPECT_THROW(forgetful.query("SELECT 1/0"), std::exception);
  EXPECT_TRUE(eventually(patience, [&] {
    return reader_.value("idle_in_transaction", "pg_stat_activity_idle_in_transaction_max_seconds", in_postgres) > 0;
  }));
}

TEST_P(ActivityCatalog, TheAgeOfATransactionGrowsAlsoWhenItsSessionIsBusy) {
  const auto oldest = [&] {
    return reader_.value("long_running_transactions", "pg_long_running_transactions_max_seconds", in_postgres);
  };
  PgConnection busy = cluster_.connect();
  busy.query("BEGIN");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually(patience, [&] {
    busy.query("SELECT 1");  // so that it is never idle for long
    return oldest() > 0.2;
  }));
  const auto limit = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() + 1;
  EXPECT_LT(*oldest(), limit) << "its age cannot be greater than the time since BEGIN";
  EXPECT_EQ(reader_.value("long_running_transactions", "pg_long_running_transactions", in_postgres), 0)
      << "it is not a minute old";
  busy.query("ROLLBACK");
  EXPECT_TRUE(eventually(patience, [&] { return oldest() == 0; }));
}

TEST_P(ActivityCatalog, ConnectionsAreCountedAgainstTheSlotsThatOrdinaryClientsCanHave) {
  const double before = *reader_.value("connections", "pg_stat_activity_connections_used");
  std::vector<PgConnection> clients;
  clients.reserve(5);
  for (int i = 0; i < 5; ++i) clients.push_back(cluster_.connect());
  EXPECT_EQ(reader_.value("connections", "pg_stat_activity_connections_used"), before + 5);

  const double usable = 50 - 3;  // max_connections of the test's servers less superuser_reserved_connections
  EXPECT_EQ(reader_.value("connections", "pg_stat_activity_connections_usable"), usable);
  EXPECT_DOUBLE_EQ(*reader_.value("connections", "pg_stat_activity_connections_used_ratio"), (before + 5) / usable);
}

TEST_P(ActivityCatalog, ARoleThatMayNotSeeOthersIsToldNothingRatherThanZero) {
  cluster_.execute("CREATE ROLE stranger LOGIN");
  PgConnection forgetful = cluster_.connect();
  forgetful.query("BEGIN");
  CatalogReader stranger(cluster_, "postgres", "stranger");
  EXPECT_EQ(stranger.value("idle_in_transaction", "pg_stat_activity_idle_in_transaction_max_seconds", in_postgres),
            std::nullopt);
  EXPECT_EQ(stranger.value("long_running_transactions", "pg_long_running_transactions_max_seconds", in_postgres),
            std::nullopt);
  EXPECT_EQ(
      stranger.value("activity", "pg_stat_activity_count", {{"datname", "postgres"}, {"state", "idle in transaction"}}),
      std::nullopt);
  EXPECT_GE(*stranger.value("activity", "pg_stat_activity_count", {{"datname", "postgres"}, {"state", "unknown"}}), 1);
}

TEST_P(ActivityCatalog, AWaitForALockedRowShowsWhereTheWaiterIs) {
  cluster_.execute("CREATE TABLE public.t AS SELECT 1 AS id");
  PgConnection holder = cluster_.connect();
  holder.query("BEGIN");
  holder.query("UPDATE public.t SET id = 2");
  std::jthread waiter([&] { cluster_.execute("UPDATE public.t SET id = 3"); });
  const CatalogReader::Labels row_lock{{"datname", "postgres"}, {"mode", "sharelock"}};
  EXPECT_TRUE(eventually(patience, [&] { return reader_.value("locks", "pg_locks_waiting", row_lock) == 1; }));
  if (GetParam() >= 14) {
    EXPECT_TRUE(
        eventually(patience, [&] { return reader_.value("locks", "pg_locks_max_wait_seconds", row_lock) > 0; }));
  }
  EXPECT_GE(*reader_.value("locks", "pg_locks_count", {{"datname", "postgres"}, {"mode", "rowexclusivelock"}}), 2);
  holder.query("COMMIT");
  EXPECT_TRUE(eventually(patience, [&] { return reader_.value("locks", "pg_locks_waiting", row_lock) == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Versions, ActivityCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
