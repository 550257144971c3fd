#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"
#include "tests/support/standby.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{30000};

class XminHorizon : public testing::TestWithParam<int> {
 protected:
  XminHorizon() { create_monitoring_role(cluster_); }

  std::optional<double> held_by(const char* holder) {
    return CatalogReader(cluster_).value("xmin_horizon", "pg_xmin_horizon_age_xids", {{"holder", holder}});
  }
  void use_transaction_ids() const {
    for (int i = 0; i < 10; ++i) cluster_.execute("SELECT txid_current()");
  }

  PgCluster cluster_{GetParam(), {{"max_prepared_transactions", "5"}, {"wal_level", "logical"}}};
};

TEST_P(XminHorizon, NamesTheKindOfHolder) {
  for (const char* holder : {"transactions", "prepared_transactions", "slots", "slots_catalog", "standby_feedback"}) {
    EXPECT_EQ(held_by(holder), 0) << holder;
  }
  PgConnection reader = cluster_.connect();
  reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  reader.query("SELECT 1");
  use_transaction_ids();
  EXPECT_GE(*held_by("transactions"), 10) << "a snapshot without a transaction ID holds, too";
  EXPECT_EQ(held_by("prepared_transactions"), 0);
  reader.query("COMMIT");
  EXPECT_TRUE(eventually(patience, [&] { return held_by("transactions") == 0; }));

  for (const char* statement : {"BEGIN", "SELECT txid_current()", "PREPARE TRANSACTION 'forgotten'"})
    reader.query(statement);
  use_transaction_ids();
  EXPECT_GE(*held_by("prepared_transactions"), 10);
  cluster_.execute("ROLLBACK PREPARED 'forgotten'");
  EXPECT_EQ(held_by("prepared_transactions"), 0);
}

TEST_P(XminHorizon, ALogicalSlotHoldsTheCatalogues) {
  cluster_.execute("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
  use_transaction_ids();
  EXPECT_GE(*held_by("slots_catalog"), 10);
  EXPECT_EQ(held_by("slots"), 0);
}

TEST_P(XminHorizon, ARoleThatMayNotSeeOthersIsToldNothingRatherThanZero) {
  cluster_.execute("CREATE ROLE stranger LOGIN");
  CatalogReader stranger(cluster_, "postgres", "stranger");
  const auto held = [&](const char* holder) {
    return stranger.value("xmin_horizon", "pg_xmin_horizon_age_xids", {{"holder", holder}});
  };
  EXPECT_EQ(held("transactions"), std::nullopt);
  EXPECT_EQ(held("prepared_transactions"), 0);
}

INSTANTIATE_TEST_SUITE_P(Versions, XminHorizon, testing::ValuesIn(PgCluster::usual_versions()));

// A standby that feeds another one is read as both.
class CascadingStandby : public testing::TestWithParam<int> {};

TEST_P(CascadingStandby, HasAReceiverAndSendersAndItsOwnFeedback) {
  PgCluster primary(GetParam());
  create_monitoring_role(primary);
  PgCluster middle(GetParam());
  make_standby(primary, middle);
  PgCluster last(GetParam());
  make_standby(middle, last);
  CatalogReader reader(middle);
  const auto sender = [&](const char* metric) { return reader.value("replication_senders", metric); };
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_streaming") == 1; }));
  EXPECT_EQ(reader.value("wal_receiver", "pg_stat_wal_receiver_streaming"), 1);
  EXPECT_EQ(reader.value("replication", "pg_timeline"), 1);
  EXPECT_TRUE(eventually(patience, [&] { return sender("pg_stat_replication_replay_lag_bytes") == 0; }));
  for (const CatalogEntry& entry : built_in_catalog()) EXPECT_NO_THROW(reader.run(entry.name)) << entry.name;

  PgConnection query = last.connect();
  query.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  query.query("SELECT 1");
  for (int i = 0; i < 10; ++i) primary.execute("SELECT txid_current()");
  primary.execute("CHECKPOINT");
  EXPECT_TRUE(eventually(patience, [&] {
    return CatalogReader(primary).value("xmin_horizon", "pg_xmin_horizon_age_xids", {{"holder", "slots"}}) >= 10;
  })) << "through both slots";
}

INSTANTIATE_TEST_SUITE_P(Versions, CascadingStandby, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
