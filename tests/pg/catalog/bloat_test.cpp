#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

CatalogReader::Labels table(std::string name) {
  return {{"schemaname", "public"}, {"relname", std::move(name)}};
}

class TableBloat : public testing::TestWithParam<int> {
 protected:
  TableBloat() {
    create_monitoring_role(cluster_);
    cluster_.execute("CREATE ROLE reader LOGIN");
    cluster_.execute("GRANT pg_monitor TO reader");
    cluster_.execute("CREATE EXTENSION pgstattuple SCHEMA public");
  }

  // A table that only autovacuum's absence leaves as the test makes it.
  void create(const std::string& name, const std::string& columns, const std::string& rows,
              const std::string& options = "autovacuum_enabled = off") {
    cluster_.execute(fmt::format("CREATE TABLE public.{} ({}) WITH ({})", name, columns, options));
    cluster_.execute(fmt::format("INSERT INTO public.{} {}", name, rows));
    cluster_.execute(fmt::format("GRANT SELECT ON public.{} TO reader", name));
  }

  std::optional<double> estimate(const std::string& name, std::string_view role = "reader") {
    return CatalogReader(cluster_, "postgres", role).value("table_bloat", "pg_table_bloat_ratio", table(name));
  }

  // What is free or dead according to a full read of the table.
  double truth(const std::string& name) {
    return std::stod(cluster_
                         .execute(fmt::format("SELECT (free_percent + dead_tuple_percent) / 100 FROM "
                                              "public.pgstattuple('public.{}')",
                                              name))
                         .text(0, 0));
  }

  PgCluster cluster_{GetParam()};
};

TEST_P(TableBloat, OfATableWithTwoThirdsDeletedIsWhatAFullReadFinds) {
  create("narrow", "id int PRIMARY KEY, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  create(
      "wide", "id bigint, a text, b timestamptz, c int, d jsonb, e numeric, f bool, g text",
      "SELECT g, repeat('x', 20 + g % 50), now(), g, jsonb_build_object('a', g, 'b', md5(g::text)), g * 1.5, g % 2 = 0,"
      " CASE WHEN g % 3 = 0 THEN md5(g::text) END FROM generate_series(1, 40000) g");
  for (const char* name : {"narrow", "wide"}) {
    cluster_.execute(fmt::format("DELETE FROM public.{} WHERE id % 3 <> 0", name));
    cluster_.execute(fmt::format("VACUUM ANALYZE public.{}", name));
    ASSERT_TRUE(estimate(name).has_value()) << name;
    EXPECT_NEAR(*estimate(name), truth(name), 0.1) << name;
    EXPECT_NEAR(*estimate(name), 2.0 / 3, 0.05) << name;
  }
}

TEST_P(TableBloat, OfATableThatWasJustLoadedIsNone) {
  create("padded", "a int, b bool, c bigint, d text, e bigint",
         "SELECT g, true, g, 'abc' || g % 7, g FROM generate_series(1, 60000) g");
  create("spacious", "id int, v int", "SELECT g, g FROM generate_series(1, 60000) g",
         "fillfactor = 50, autovacuum_enabled = off");
  create("few_a_page", "id int, t char(2500)", "SELECT g, 'y' FROM generate_series(1, 2000) g");
  cluster_.execute("ALTER TABLE public.few_a_page ALTER t SET STORAGE PLAIN");
  cluster_.execute("CREATE TABLE public.plain AS SELECT * FROM public.few_a_page");
  cluster_.execute("GRANT SELECT ON public.plain TO reader");
  for (const char* name : {"padded", "spacious", "plain"}) {
    cluster_.execute(fmt::format("VACUUM ANALYZE public.{}", name));
    const auto ratio = estimate(name);
    EXPECT_TRUE(!ratio || *ratio < 0.05) << name << ' ' << *ratio;
  }
  EXPECT_TRUE(estimate("padded").has_value());
  EXPECT_TRUE(estimate("spacious").has_value());
}

TEST_P(TableBloat, IsKnownForATableWithAGeneratedColumn) {
  const std::string kind = GetParam() < 18 ? "STORED" : "VIRTUAL";  // before 18 there is only one kind
  create("computed", "id int, v bigint, twice bigint GENERATED ALWAYS AS (v * 2) " + kind,
         "SELECT g, g FROM generate_series(1, 100000) g");
  cluster_.execute("DELETE FROM public.computed WHERE id % 2 = 0");
  cluster_.execute("VACUUM ANALYZE public.computed");
  ASSERT_TRUE(estimate("computed").has_value());
  EXPECT_NEAR(*estimate("computed"), 0.5, 0.05);
}

TEST_P(TableBloat, IsUnknownWithoutStatistics) {
  create("never_analyzed", "id int, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  create("vacuumed_only", "id int, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  cluster_.execute("VACUUM public.vacuumed_only");
  create("column_without_statistics", "id int, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  cluster_.execute("ALTER TABLE public.column_without_statistics ALTER v SET STATISTICS 0");
  cluster_.execute("ANALYZE public.column_without_statistics");
  for (const char* name : {"never_analyzed", "vacuumed_only", "column_without_statistics"}) {
    EXPECT_EQ(estimate(name), std::nullopt) << name;
  }
  CatalogReader reader(cluster_, "postgres", "reader");
  EXPECT_EQ(reader.value("table_bloat_coverage", "pg_table_bloat_unestimated_tables"), 2)
      << "the one that was never vacuumed or analyzed has no known size";
}

TEST_P(TableBloat, IsUnknownToARoleThatMayNotReadTheStatistics) {
  create("narrow", "id int, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  cluster_.execute("DELETE FROM public.narrow WHERE id % 3 <> 0");
  cluster_.execute("VACUUM ANALYZE public.narrow");
  EXPECT_TRUE(estimate("narrow").has_value());
  EXPECT_EQ(estimate("narrow", "pgvigil"), std::nullopt) << "pg_monitor alone would make garbage of it";
  cluster_.execute("GRANT SELECT (id) ON public.narrow TO pgvigil");
  EXPECT_EQ(estimate("narrow", "pgvigil"), std::nullopt) << "one column of two is not enough";

  CatalogReader monitor(cluster_);
  EXPECT_EQ(monitor.value("table_bloat_coverage", "pg_table_bloat_estimated_tables"), 0);
  EXPECT_EQ(monitor.value("table_bloat_coverage", "pg_table_bloat_unestimated_tables"), 1);
}

TEST_P(TableBloat, CountsWhatAnalyzeSawAsDeadBeforeAnyVacuum) {
  create("dead", "id int, v bigint", "SELECT g, g FROM generate_series(1, 100000) g");
  cluster_.execute("DELETE FROM public.dead WHERE id % 2 = 0");
  cluster_.execute("ANALYZE public.dead");
  ASSERT_TRUE(estimate("dead").has_value());
  EXPECT_NEAR(*estimate("dead"), 0.5, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Versions, TableBloat, testing::ValuesIn(PgCluster::available_versions()));

}  // namespace
}  // namespace pgvigil
