#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"
#include "tests/support/standby.h"
#include "tests/support/watched_servers.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{30000};

class ReplicationCatalog : public testing::TestWithParam<int> {
 protected:
  std::optional<double> on_standby(const char* metric) { return standby_.value("replication", metric); }
  std::optional<double> sender(const char* metric) { return primary_.value("replication_senders", metric); }
  std::optional<double> slot(const char* metric, const char* name) {
    return primary_.value("replication_slots", metric, {{"slot_name", name}});
  }

  void write_on_primary() const {
    servers_.primary.execute(
        "INSERT INTO public.orders SELECT g, repeat('y', 100) FROM generate_series(100000, 110000) g");
  }

  WatchedServers servers_{GetParam()};
  CatalogReader primary_{servers_.primary};
  CatalogReader standby_{servers_.standby};
};

TEST_P(ReplicationCatalog, AStandbyThatFollowsHasNoLagAndAPrimaryReportsNone) {
  EXPECT_TRUE(eventually(patience, [&] { return on_standby("pg_replication_lag_seconds") == 0; }));
  EXPECT_EQ(on_standby("pg_replication_wal_receiver_streaming"), 1);
  EXPECT_EQ(on_standby("pg_replication_replay_paused"), 0);
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_replay_lag_bytes") == 0; }));
  EXPECT_EQ(sender("pg_stat_replication_streaming"), 1);
  for (const char* metric :
       {"pg_replication_lag_seconds", "pg_replication_wal_receiver_streaming", "pg_replication_replay_backlog_bytes"}) {
    EXPECT_EQ(primary_.value("replication", metric), std::nullopt) << metric;
  }
}

TEST_P(ReplicationCatalog, AStandbyThatReceivesButDoesNotReplayIsSeenFromBothSides) {
  servers_.standby.execute("SELECT pg_wal_replay_pause()");
  write_on_primary();
  EXPECT_TRUE(eventually(patience, [&] { return on_standby("pg_replication_replay_backlog_bytes") > 100000; }));
  EXPECT_EQ(on_standby("pg_replication_replay_paused"), 1);
  EXPECT_GT(*on_standby("pg_replication_lag_seconds"), 0);
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_replay_lag_bytes") > 100000; }));
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_flush_lag_bytes") == 0; }))
      << "what it received is safe there";
  EXPECT_EQ(primary_.value("stat_replication", "pg_stat_replication_pg_wal_lsn_diff"),
            sender("pg_stat_replication_replay_lag_bytes"));

  servers_.standby.execute("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_replay_lag_bytes") == 0; }));
}

TEST_P(ReplicationCatalog, AStandbyWhosePrimaryIsGoneSaysSoWhateverItsLag) {
  ASSERT_TRUE(eventually(patience, [&] { return on_standby("pg_replication_wal_receiver_streaming") == 1; }));
  servers_.primary.stop();
  EXPECT_TRUE(eventually(patience, [&] { return on_standby("pg_replication_wal_receiver_streaming") == 0; }));
  EXPECT_EQ(on_standby("pg_replication_lag_seconds"), 0)
      << "all that it received is replayed: alone, this would mislead";
}

TEST_P(ReplicationCatalog, APromotedStandbyIsReadAsAPrimaryByASessionThatKnewItAsAStandby) {
  ASSERT_TRUE(on_standby("pg_replication_lag_seconds").has_value());
  servers_.standby.execute("SELECT pg_promote()");
  for (const CatalogEntry& entry : built_in_catalog()) {
    EXPECT_NO_THROW(standby_.run(entry.name)) << entry.name;
  }
  EXPECT_EQ(on_standby("pg_replication_lag_seconds"), std::nullopt);
}

TEST_P(ReplicationCatalog, ASlotThatNobodyReadsRetainsMoreAndMoreWal) {
  EXPECT_EQ(slot("pg_replication_slots_active", "standby"), 1);
  EXPECT_EQ(slot("pg_replication_slots_active", "changes"), 0);
  const double before = *slot("pg_replication_slots_retained_bytes", "changes");
  write_on_primary();
  EXPECT_GT(*slot("pg_replication_slots_retained_bytes", "changes"), before + 100000);
  EXPECT_EQ(slot("pg_replication_slots_invalidated", "changes"), 0);
  EXPECT_EQ(primary_.value("replication_slot_status", "pg_replication_slots_wal_status",
                           {{"slot_name", "changes"}, {"wal_status", "reserved"}}),
            1);
  if (GetParam() >= 17) {
    EXPECT_GT(*slot("pg_replication_slots_inactive_seconds", "changes"), 0);
    EXPECT_EQ(slot("pg_replication_slots_inactive_seconds", "standby"), std::nullopt);
  }
}

TEST_P(ReplicationCatalog, ASlotThatLostItsWalIsInvalidatedAndRetainsNothing) {
  servers_.primary.set("max_slot_wal_keep_size", "1MB");
  servers_.primary.execute("SELECT pg_switch_wal()");
  EXPECT_TRUE(eventually(patience, [&] {
    write_on_primary();
    servers_.primary.execute("SELECT pg_switch_wal()");
    servers_.primary.execute("CHECKPOINT");
    servers_.primary.execute("DELETE FROM public.orders WHERE id >= 100000");
    return slot("pg_replication_slots_invalidated", "changes") == 1;
  }));
  EXPECT_EQ(slot("pg_replication_slots_retained_bytes", "changes"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Versions, ReplicationCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
