#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{20000};
const CatalogReader::Labels orders{{"datname", "postgres"}, {"schemaname", "public"}, {"relname", "orders"}};

class TablesCatalog : public testing::TestWithParam<int> {
 protected:
  TablesCatalog() {
    create_monitoring_role(cluster_);
    cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, note text) WITH (autovacuum_enabled = off)");
    cluster_.execute("INSERT INTO public.orders SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g");
  }

  std::optional<double> table(const std::string& column) {
    return reader_.value("user_tables", "pg_stat_user_tables_" + column, orders);
  }

  PgCluster cluster_{GetParam()};
  CatalogReader reader_{cluster_};
};

TEST_P(TablesCatalog, WorkOnATableMovesItsCounters) {
  EXPECT_TRUE(eventually(patience, [&] { return table("n_tup_ins") == 20000; }));
  EXPECT_EQ(table("n_dead_tup"), 0);
  cluster_.execute("DELETE FROM public.orders WHERE id <= 5000");
  EXPECT_TRUE(eventually(patience, [&] { return table("n_dead_tup") == 5000; }));
  EXPECT_EQ(table("n_tup_del"), 5000);
  EXPECT_EQ(table("last_vacuum"), std::nullopt) << "never, which is not 1970";
  cluster_.execute("VACUUM public.orders");
  EXPECT_TRUE(eventually(patience, [&] { return table("vacuum_count") == 1; }));
  EXPECT_EQ(table("n_dead_tup"), 0);
  EXPECT_GT(*table("last_vacuum"), 1.7e9);
}

TEST_P(TablesCatalog, SizesAreKnownOnceSomethingHasCountedThePages) {
  EXPECT_EQ(table("table_size_bytes"), std::nullopt) << "unknown is not 0";
  EXPECT_EQ(table("index_size_bytes"), std::nullopt);
  cluster_.execute("VACUUM ANALYZE public.orders");
  const PgRows exact = cluster_.execute("SELECT pg_relation_size('public.orders'), pg_indexes_size('public.orders')");
  EXPECT_NEAR(*table("table_size_bytes"), std::stod(exact.text(0, 0)), 8192 * 2) << "with an empty TOAST table's index";
  EXPECT_EQ(table("index_size_bytes"), std::stod(exact.text(0, 1)));
}

TEST_P(TablesCatalog, TheCacheHitRatioIsBetweenNoneAndAll) {
  const auto ratio = [&](const char* name) {
    return reader_.value("statio_user_tables", std::string("pg_statio_user_tables_") + name, orders);
  };
  EXPECT_TRUE(eventually(patience, [&] { return ratio("heap_blocks_hit") > 0; }));
  EXPECT_GT(*ratio("cache_hit_ratio"), 0.5);
  EXPECT_LE(*ratio("cache_hit_ratio"), 1);
  EXPECT_GT(*ratio("index_cache_hit_ratio"), 0.5);
}

TEST_P(TablesCatalog, OtherSessionsTemporaryTablesAreNoSeries) {
  PgConnection session = cluster_.connect();
  session.query("CREATE TEMP TABLE scratch AS SELECT g FROM generate_series(1, 1000) g");
  EXPECT_EQ(reader_.value("user_tables", "pg_stat_user_tables_seq_scan", {{"relname", "scratch"}}), std::nullopt);
  EXPECT_TRUE(table("seq_scan").has_value());
}

TEST_P(TablesCatalog, TheNumberOfTablesIsBounded) {
  cluster_.execute(
      "DO $$ BEGIN FOR i IN 1..1100 LOOP EXECUTE format('CREATE TABLE public.t%s ()', i); END LOOP; END $$");
  cluster_.execute("ANALYZE public.orders");
  for (const char* collector : {"user_tables", "statio_user_tables"}) {
    for (const Family& family : reader_.run(collector).families) {
      EXPECT_LE(family.samples.size(), 1000U) << family.name;
    }
  }
  EXPECT_TRUE(table("seq_scan").has_value()) << "the largest table is among them";
}

INSTANTIATE_TEST_SUITE_P(Versions, TablesCatalog, testing::ValuesIn(PgCluster::available_versions()));

}  // namespace
}  // namespace pgvigil
