#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

class StatementsInfo : public testing::TestWithParam<int> {
 protected:
  PgCluster cluster_{GetParam(), {{"pg_stat_statements.max", "100"}}};
};

TEST_P(StatementsInfo, SaysHowFullPgStatStatementsIs) {
  create_monitoring_role(cluster_);
  cluster_.execute("CREATE EXTENSION pg_stat_statements");
  PgConnection connection = cluster_.connect();
  std::string columns = "1";
  for (int i = 0; i < 150; ++i) {
    connection.query("SELECT " + columns);
    columns += ",1";
  }
  CatalogReader reader(cluster_);
  if (GetParam() < 14) {
    EXPECT_NE(reader.run("statements_info").skipped, "");
    return;
  }
  const double entries = reader.value("statements_info", "pg_stat_statements_entries").value_or(0);
  EXPECT_GT(entries, 50);
  EXPECT_EQ(reader.value("statements_info", "pg_stat_statements_max_entries"), 100);
  EXPECT_NEAR(reader.value("statements_info", "pg_stat_statements_entries_ratio").value_or(0), entries / 100, 0.03);
  EXPECT_GE(reader.value("statements_info", "pg_stat_statements_deallocations_total").value_or(0), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, StatementsInfo, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
