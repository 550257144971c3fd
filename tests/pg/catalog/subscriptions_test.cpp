#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{30000};

class Subscriptions : public testing::TestWithParam<int> {
 protected:
  Subscriptions() {
    create_monitoring_role(publisher_);
    create_monitoring_role(subscriber_);
    for (const PgCluster* server : {&publisher_, &subscriber_})
      server->execute("CREATE TABLE public.t (id int PRIMARY KEY)");
    publisher_.execute("INSERT INTO public.t VALUES (1)");
    publisher_.execute("CREATE PUBLICATION everything FOR ALL TABLES");
    subscriber_.execute("CREATE SUBSCRIPTION copy CONNECTION '" + publisher_.conninfo() + "' PUBLICATION everything");
  }
  std::optional<double> subscription(const std::string& metric) {
    return reader_.value("subscriptions", "pg_stat_subscription_" + metric, {{"subname", "copy"}});
  }

  PgCluster publisher_{GetParam(), {{"wal_level", "logical"}}};
  PgCluster subscriber_{GetParam()};
  CatalogReader reader_{subscriber_};
};

TEST_P(Subscriptions, OneWorkerAppliesWhatThePublisherSends) {
  EXPECT_TRUE(eventually(patience, [&] { return subscription("apply_workers") == 1; }));
  EXPECT_TRUE(eventually(patience, [&] { return subscription("received_lsn_bytes") > 0; }));
  EXPECT_TRUE(eventually(patience, [&] { return subscription("sync_workers") == 0; }));
  if (GetParam() >= 14) {
    EXPECT_EQ(subscription("enabled"), 1);
  }
  CatalogReader publisher(publisher_);
  EXPECT_EQ(publisher.value("replication_slots", "pg_replication_slots_active", {{"slot_name", "copy"}}), 1);
}

TEST_P(Subscriptions, ARowThatCannotBeAppliedIsAnError) {
  EXPECT_TRUE(eventually(patience, [&] { return subscription("apply_workers") == 1; }));
  ASSERT_TRUE(eventually(patience, [&] {
    return subscriber_.execute("SELECT count(*) FROM pg_subscription_rel WHERE srsubstate = 'r'").text(0, 0) == "1";
  }));
  subscriber_.execute("INSERT INTO public.t VALUES (2)");
  publisher_.execute("INSERT INTO public.t VALUES (2)");
  if (GetParam() >= 15) {
    EXPECT_TRUE(eventually(
        patience, [&] { return reader_.value("subscription_stats", "pg_stat_subscription_apply_errors_total") >= 1; }));
  }
  if (GetParam() >= 18) {
    EXPECT_GE(*reader_.value("subscription_stats", "pg_stat_subscription_conflicts_insert_exists_total"), 1);
  }
  EXPECT_TRUE(eventually(patience, [&] { return subscription("apply_workers") == 0; })) << "between two attempts";
}

INSTANTIATE_TEST_SUITE_P(Versions, Subscriptions, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
