// The worst that a monitor can do is to queue behind a lock and have everybody queue behind it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

class LockedTable : public testing::TestWithParam<int> {
 protected:
  LockedTable() {
    create_monitoring_role(cluster_);
    cluster_.execute("CREATE EXTENSION pg_stat_statements SCHEMA public");
    cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    cluster_.execute("INSERT INTO public.orders SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g");
    cluster_.execute("VACUUM ANALYZE public.orders");
    cluster_.execute("GRANT SELECT ON public.orders TO pgvigil");
  }

  // The metrics that every collector reports about the table, but for its exact size: that is all that a lock may hide.
  std::set<std::string> reports() const {
    CatalogReader reader(cluster_);
    std::set<std::string> found;
    for (const CatalogEntry& entry : built_in_catalog()) {
      SCOPED_TRACE(entry.name);
      EXPECT_NO_THROW({
        for (const Family& family : reader.run(entry.name).families) {
          if (family.name == "pg_table_exact_size_bytes" || family.name == "pg_table_exact_indexes_size_bytes")
            continue;
          for (const SeriesView sample : family.samples) {
            const auto& labels = sample.label_values;
            if (std::find(labels.begin(), labels.end(), "orders") != labels.end()) found.insert(family.name);
          }
        }
      });
    }
    return found;
  }

  PgCluster cluster_{GetParam()};
};

TEST_P(LockedTable, NoCollectorWaitsForAnExclusiveLockOrLosesASeries) {
  const std::set<std::string> before = reports();
  ASSERT_TRUE(before.contains("pg_stat_user_tables_table_size_bytes"));
  ASSERT_TRUE(before.contains("pg_statio_user_tables_heap_blocks_hit"));

  PgConnection owner = cluster_.connect();
  owner.query("BEGIN");
  owner.query("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE");
  EXPECT_THAT(before, testing::IsSubsetOf(reports()));
}

TEST_P(LockedTable, NoCollectorQueuesBehindALockThatIsOnlyRequested) {
  const std::set<std::string> before = reports();
  PgConnection reader = cluster_.connect();
  reader.query("BEGIN");
  reader.query("SELECT count(*) FROM public.orders");
  std::jthread alter([&] { cluster_.execute("ALTER TABLE public.orders ADD COLUMN more int"); });
  ASSERT_TRUE(eventually(milliseconds(20000), [&] {
    return cluster_.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").text(0, 0) == "1";
  }));
  EXPECT_THAT(before, testing::IsSubsetOf(reports()));
  reader.query("COMMIT");
}

TEST_P(LockedTable, NoCollectorWaitsForATableBeingCreatedOrRewritten) {
  const std::set<std::string> before = reports();
  PgConnection owner = cluster_.connect();
  owner.query("BEGIN");
  owner.query("CREATE TABLE public.new_one AS SELECT * FROM public.orders");
  owner.query("TRUNCATE public.orders");
  EXPECT_THAT(before, testing::IsSubsetOf(reports()));
}

INSTANTIATE_TEST_SUITE_P(Versions, LockedTable, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
