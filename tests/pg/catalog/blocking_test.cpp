#include <gtest/gtest.h>

#include <thread>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{20000};
const CatalogReader::Labels in_postgres{{"datname", "postgres"}};

class Blocking : public testing::TestWithParam<int> {
 protected:
  Blocking() {
    create_monitoring_role(cluster_);
    cluster_.execute("CREATE TABLE public.t AS SELECT 1 AS id");
  }
  std::optional<double> blocking(const std::string& name) {
    return reader_.value("blocking", "pg_blocking_" + name, in_postgres);
  }
  bool shows(const std::string& name, double value) {
    return eventually(patience, [&] { return blocking(name) == value; });
  }

  PgCluster cluster_{GetParam(), {{"max_prepared_transactions", "5"}}};
  CatalogReader reader_{cluster_};
};

TEST_P(Blocking, AChainHasOneRootAndItsWaitersWait) {
  EXPECT_EQ(blocking("blocked_sessions"), 0);
  PgConnection root = cluster_.connect();
  root.query("BEGIN");
  root.query("UPDATE public.t SET id = 2");
  std::jthread first([&] { cluster_.execute("UPDATE public.t SET id = 3"); });
  ASSERT_TRUE(shows("blocked_sessions", 1));
  std::jthread second([&] { cluster_.execute("ALTER TABLE public.t ADD COLUMN note text"); });
  ASSERT_TRUE(shows("blocked_sessions", 2));
  EXPECT_EQ(blocking("root_blockers"), 1) << "the waiting UPDATE blocks the ALTER, but is no root";
  EXPECT_EQ(blocking("idle_blockers"), 1);
  EXPECT_EQ(blocking("most_blocked_by_one"), 2);
  EXPECT_GT(*blocking("longest_wait_seconds"), 0);
  root.query("COMMIT");
  EXPECT_TRUE(shows("blocked_sessions", 0));
  EXPECT_EQ(blocking("longest_wait_seconds"), 0);
}

TEST_P(Blocking, APreparedTransactionBlocksWithoutASession) {
  {
    PgConnection client = cluster_.connect();
    for (const char* statement : {"BEGIN", "UPDATE public.t SET id = 2", "PREPARE TRANSACTION 'forgotten'"})
      client.query(statement);
  }
  std::jthread waiter([&] { cluster_.execute("UPDATE public.t SET id = 3"); });
  EXPECT_TRUE(shows("blocked_sessions", 1));
  EXPECT_EQ(blocking("blocking_sessions"), 0);
  EXPECT_EQ(reader_.value("prepared_transactions", "pg_prepared_transactions", in_postgres), 1);
  EXPECT_GT(*reader_.value("prepared_transactions", "pg_prepared_transactions_max_seconds", in_postgres), 0);
  cluster_.execute("COMMIT PREPARED 'forgotten'");
  EXPECT_EQ(reader_.value("prepared_transactions", "pg_prepared_transactions", in_postgres), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Versions, Blocking, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
