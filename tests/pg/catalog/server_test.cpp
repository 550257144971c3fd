// Values of the collectors that read one or two rows for the whole server.

#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{20000};

class ServerCatalog : public testing::TestWithParam<int> {
 protected:
  ServerCatalog() { create_monitoring_role(cluster_); }

  PgCluster cluster_{GetParam()};
  CatalogReader reader_{cluster_};
};

TEST_P(ServerCatalog, CheckpointsAreCountedUnderOldAndNewNames) {
  const auto requested = [&](const char* collector, const char* metric) { return *reader_.value(collector, metric); };
  const double old_name = requested("bgwriter", "pg_stat_bgwriter_checkpoints_req_total");
  const double new_name = requested("checkpointer", "pg_stat_checkpointer_num_requested_total");
  EXPECT_EQ(old_name, new_name);
  cluster_.execute("CREATE TABLE public.t AS SELECT g FROM generate_series(1, 10000) g");
  cluster_.execute("CHECKPOINT");
  EXPECT_TRUE(eventually(patience, [&] {
    return requested("bgwriter", "pg_stat_bgwriter_checkpoints_req_total") == old_name + 1 &&
           requested("bgwriter", "pg_stat_bgwriter_checkpoints_req") == old_name + 1 &&
           requested("checkpointer", "pg_stat_checkpointer_num_requested_total") == old_name + 1;
  }));
  EXPECT_TRUE(eventually(patience,
                         [&] { return requested("checkpointer", "pg_stat_checkpointer_buffers_written_total") > 0; }));
}

TEST_P(ServerCatalog, BackendsThatWriteTheirOwnBuffersAreSeenOnEveryVersion) {
  const auto written = [&] { return *reader_.value("bgwriter", "pg_stat_bgwriter_buffers_backend_total"); };
  const double before = written();
  cluster_.execute("CREATE TABLE public.large AS SELECT g, repeat('x', 500) AS t FROM generate_series(1, 50000) g");
  EXPECT_TRUE(eventually(patience, [&] {
    cluster_.execute("CHECKPOINT");  // up to 16 the checkpointer reports what backends told it
    return written() > before + 1000;
  })) << "some 3500 pages were added";
  EXPECT_LT(written(), before + 20000) << "blocks, not bytes";
}

TEST_P(ServerCatalog, WalIsCountedWhereItIsMade) {
  const double position = *reader_.value("replication", "pg_wal_lsn_bytes");
  cluster_.execute("CREATE TABLE public.t AS SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g");
  EXPECT_GT(*reader_.value("replication", "pg_wal_lsn_bytes"), position + 1000000);
  EXPECT_EQ(*reader_.value("wal_directory", "pg_wal_size_bytes"),
            *reader_.value("wal_directory", "pg_wal_segments") * 16 * 1024 * 1024);
  if (GetParam() >= 14) {
    EXPECT_TRUE(eventually(patience, [&] { return reader_.value("wal", "pg_stat_wal_bytes_total") > 1000000; }));
  }
}

TEST_P(ServerCatalog, TransactionAgesAreSharesOfTwoToTheThirtyFirst) {
  for (const char* database : {"postgres", "template0"}) {
    const CatalogReader::Labels labels{{"datname", database}};
    const auto age = reader_.value("wraparound", "pg_database_frozen_xid_age", labels);
    ASSERT_TRUE(age.has_value()) << database;
    EXPECT_GT(*age, 0);
    EXPECT_NEAR(*reader_.value("wraparound", "pg_database_frozen_xid_age_ratio", labels), *age / 2147483648.0, 1e-9);
    EXPECT_NEAR(*reader_.value("wraparound", "pg_database_frozen_xid_age_freeze_max_ratio", labels), *age / 2e8, 1e-9);
    const auto of_failsafe = reader_.value("wraparound", "pg_database_frozen_xid_age_failsafe_ratio", labels);
    EXPECT_EQ(of_failsafe.has_value(), GetParam() >= 14);
    if (of_failsafe) {
      EXPECT_NEAR(*of_failsafe, *age / 1.6e9, 1e-9);
    }
    EXPECT_EQ(*reader_.value("wraparound", "pg_database_xids_left", labels),
              2147483648.0 - (GetParam() < 14 ? 1e6 : 3e6) - *age);
  }
}

TEST_P(ServerCatalog, DatabasesAreCountedApart) {
  cluster_.execute("CREATE DATABASE shop");
  const auto shop = [&](const char* metric) {
    return reader_.value("database", metric, {{"datname", "shop"}}).value_or(0);
  };
  {
    PgConnection client = cluster_.connect("shop");
    EXPECT_EQ(shop("pg_stat_database_numbackends"), 1);
    client.query("CREATE TABLE public.t AS SELECT g FROM generate_series(1, 1000) g");
    EXPECT_THROW(client.query("SELECT 1/0"), std::exception);
  }
  EXPECT_TRUE(eventually(patience, [&] { return shop("pg_stat_database_tup_inserted_total") >= 1000; }));
  EXPECT_EQ(shop("pg_stat_database_tup_inserted"), shop("pg_stat_database_tup_inserted_total"));
  EXPECT_GE(shop("pg_stat_database_xact_rollback"), 1);
  EXPECT_GT(shop("pg_stat_database_cache_hit_ratio"), 0);
  EXPECT_TRUE(eventually(patience, [&] { return shop("pg_stat_database_numbackends") == 0; }));
  const double size = *reader_.value("database_size", "pg_database_size_bytes", {{"datname", "shop"}});
  EXPECT_EQ(size, std::stod(cluster_.execute("SELECT pg_database_size('shop')").text(0, 0)));
}

INSTANTIATE_TEST_SUITE_P(Versions, ServerCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
