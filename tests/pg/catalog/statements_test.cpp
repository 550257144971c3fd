#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

class StatementsCatalog : public testing::TestWithParam<int> {
 protected:
  StatementsCatalog() {
    create_monitoring_role(cluster_);
    cluster_.execute("ALTER ROLE pgvigil SET pg_stat_statements.track = 'none'");  // its reading must not move the sums
    cluster_.execute("CREATE EXTENSION pg_stat_statements SCHEMA public");
  }

  // Different statements, not only different constants.
  void run_statements(int count) {
    PgConnection connection = cluster_.connect();
    std::string columns = "1";
    for (int i = 0; i < count; ++i) {
      connection.query(fmt::format("SELECT {}", columns));
      columns += ",1";
    }
  }

  std::vector<double> truth(std::string_view columns) const {
    PgConnection connection = cluster_.connect("postgres", "pgvigil");
    const PgRows rows = connection.query(fmt::format("SELECT {} FROM public.pg_stat_statements(false)", columns));
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(rows.columns()));
    for (int column = 0; column < rows.columns(); ++column) values.push_back(std::stod(rows.text(0, column)));
    return values;
  }

  PgCluster cluster_{GetParam()};
};

TEST_P(StatementsCatalog, TheRestIsSummedSoThatSumsStayExact) {
  run_statements(150);
  cluster_.execute("SELECT count(*) FROM pg_class, pg_class AS other");
  CatalogReader reader(cluster_);
  const auto expected =
      truth("sum(calls), sum(rows), sum(shared_blks_hit), sum(total_exec_time) / 1000, sum(wal_bytes)");
  EXPECT_EQ(reader.sum("statements", "pg_stat_statements_calls_total"), expected.at(0));
  EXPECT_EQ(reader.sum("statements", "pg_stat_statements_rows_total"), expected.at(1));
  EXPECT_EQ(reader.sum("statements", "pg_stat_statements_shared_blocks_hit_total"), expected.at(2));
  EXPECT_NEAR(reader.sum("statements", "pg_stat_statements_seconds_total"), expected.at(3), 1e-6);
  EXPECT_EQ(reader.sum("statements", "pg_stat_statements_wal_bytes_total"), expected.at(4));
}

TEST_P(StatementsCatalog, TheNumberOfSeriesIsBounded) {
  run_statements(300);
  CatalogReader reader(cluster_);
  for (const Family& family : reader.run("statements").families) {
    if (family.name != "pg_stat_statements_calls_total") continue;
    const auto is_other = [](const SeriesView& sample) { return sample.label_values[2] == "other"; };
    EXPECT_EQ(std::count_if(family.samples.begin(), family.samples.end(), is_other), 1);
    EXPECT_EQ(family.samples.size(), 101U);
  }
  EXPECT_GE(reader.value("statements_info", "pg_stat_statements_entries").value_or(300), 300);
}

TEST_P(StatementsCatalog, WithFewStatementsNothingIsCalledOther) {
  cluster_.execute("SELECT public.pg_stat_statements_reset()");
  cluster_.execute("SELECT 1");
  CatalogReader reader(cluster_);
  EXPECT_EQ(reader.value("statements", "pg_stat_statements_calls_total", {{"queryid", "other"}}), std::nullopt);
  EXPECT_GE(reader.sum("statements", "pg_stat_statements_calls_total"), 1);
}

// After pg_upgrade the extension keeps its old version until somebody updates it.
TEST_P(StatementsCatalog, WorksWithEveryVersionOfTheExtensionThatTheServerSupports) {
  const PgRows versions = cluster_.execute(
      "SELECT version FROM pg_available_extension_versions WHERE name = 'pg_stat_statements'"
      " AND string_to_array(version, '.')::int[] >= '{1,8}'");
  ASSERT_GE(versions.rows(), 1);
  for (int row = 0; row < versions.rows(); ++row) {
    const std::string version = versions.text(row, 0);
    SCOPED_TRACE(version);
    const std::string database = "with_" + version;
    cluster_.execute(fmt::format("CREATE DATABASE \"{}\"", database));
    cluster_.execute(fmt::format("CREATE EXTENSION pg_stat_statements SCHEMA public VERSION '{}'", version), database);
    CatalogReader reader(cluster_, database);
    EXPECT_EQ(reader.run("statements").skipped, "");
    EXPECT_GT(reader.sum("statements", "pg_stat_statements_calls_total"), 0);
    EXPECT_EQ(reader.run("statements_info").skipped.empty(), version != "1.8");
  }
}

TEST_P(StatementsCatalog, WithoutTheExtensionItSaysHowToGetIt) {
  cluster_.execute("CREATE DATABASE bare");
  CatalogReader reader(cluster_, "bare");
  EXPECT_NE(reader.run("statements").skipped.find("CREATE EXTENSION pg_stat_statements"), std::string::npos);
}

TEST_P(StatementsCatalog, StatementsOfADroppedRoleAreKept) {
  cluster_.execute("CREATE ROLE leaver LOGIN");
  cluster_.connect("postgres", "leaver").query("SELECT 1, 2, 3, 4, 5");
  cluster_.execute("DROP ROLE leaver");
  CatalogReader reader(cluster_);
  EXPECT_EQ(reader.sum("statements", "pg_stat_statements_calls_total"), truth("sum(calls)").at(0));
}

INSTANTIATE_TEST_SUITE_P(Versions, StatementsCatalog, testing::ValuesIn(PgCluster::available_versions()));

}  // namespace
}  // namespace pgvigil
