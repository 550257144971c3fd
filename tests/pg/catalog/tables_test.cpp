#include <fmt/format.h>
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
    return reader_.value("user_tables", std::string("pg_statio_user_tables_") + name, orders);
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

TEST_P(TablesCatalog, SayWhatTheViewsOfPostgresqlSay) {
  cluster_.execute("ALTER TABLE public.orders ADD document text");
  cluster_.execute("ALTER TABLE public.orders ALTER document SET STORAGE EXTERNAL");
  cluster_.execute("CREATE INDEX ON public.orders (note)");
  cluster_.execute("UPDATE public.orders SET document = repeat('x', 5000) WHERE id < 100");
  cluster_.execute("SELECT sum(length(document)) FROM public.orders WHERE id < 100");
  const auto view = [&](const std::string& from, const std::string& column) {
    const PgRows rows = cluster_.execute("SELECT " + column + " FROM " + from + " WHERE relname = 'orders'");
    return std::stod(rows.text(0, 0));
  };
  ASSERT_TRUE(eventually(patience, [&] { return view("pg_stat_user_tables", "n_tup_upd") == 99; }));
  for (const char* column : {"seq_scan", "seq_tup_read", "idx_scan", "idx_tup_fetch", "n_tup_ins", "n_tup_upd",
                             "n_tup_hot_upd", "n_live_tup", "n_dead_tup", "n_mod_since_analyze"}) {
    EXPECT_EQ(table(column), view("pg_stat_user_tables", column)) << column;
  }
  for (const std::string blocks : {"heap", "idx", "toast", "tidx"}) {
    for (const std::string from : {"read", "hit"}) {
      EXPECT_EQ(reader_.value("user_tables", fmt::format("pg_statio_user_tables_{}_blocks_{}", blocks, from), orders),
                view("pg_statio_user_tables", blocks + "_blks_" + from))
          << blocks << ' ' << from;
    }
  }
}

TEST_P(TablesCatalog, PartitionedTablesAndMaterializedViewsAreThereAsInTheView) {
  cluster_.execute("CREATE TABLE public.parted (id int) PARTITION BY RANGE (id)");
  cluster_.execute("CREATE TABLE public.part PARTITION OF public.parted FOR VALUES FROM (0) TO (10)");
  cluster_.execute("CREATE MATERIALIZED VIEW public.summary AS SELECT count(*) FROM public.orders");
  const auto seen = [&](const char* name) {
    return reader_.value("user_tables", "pg_stat_user_tables_seq_scan", {{"relname", name}}).has_value();
  };
  EXPECT_TRUE(seen("part"));
  EXPECT_TRUE(seen("summary"));
  EXPECT_EQ(seen("parted"), GetParam() >= 14);
  if (GetParam() >= 14) {
    EXPECT_EQ(reader_.value("user_tables", "pg_stat_user_tables_table_size_bytes", {{"relname", "parted"}}), 0);
  }
}

TEST_P(TablesCatalog, NoTableIsLeftOut) {
  cluster_.execute(
      "DO $$ BEGIN FOR i IN 1..1100 LOOP EXECUTE format('CREATE TABLE public.t%s ()', i); END LOOP; END $$");
  for (const Family& family : reader_.run("user_tables").families) {
    if (family.name == "pg_stat_user_tables_seq_scan") {
      EXPECT_EQ(family.samples.size(), 1101U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TablesCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
