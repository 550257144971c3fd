#include <fmt/format.h>
#include <gtest/gtest.h>

#include "collectors/statements/statements_task.h"
#include "tests/support/task_reader.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class Statements : public testing::TestWithParam<int> {
 protected:
  Statements() {
    cluster_.execute("CREATE ROLE pgvigil LOGIN");
    cluster_.execute("GRANT pg_monitor TO pgvigil");
    cluster_.execute("ALTER ROLE pgvigil SET pg_stat_statements.track = 'none'");  // its reading must not move the sums
    cluster_.execute("ALTER ROLE postgres SET pg_stat_statements.track = 'none'");
    cluster_.execute("CREATE ROLE app LOGIN");
    cluster_.execute("GRANT CREATE ON SCHEMA public TO app");
    cluster_.execute("CREATE EXTENSION pg_stat_statements SCHEMA public");
    app_.emplace(cluster_.connect("postgres", "app"));
  }

  // Different statements, not only different constants: SELECT 1; SELECT 1,1; …
  void run_statements(int count, int times = 1) {
    std::string columns = "1";
    for (int i = 0; i < count; ++i) {
      for (int n = 0; n < times; ++n) app_->query(fmt::format("SELECT {}", columns));
      columns += ",1";
    }
  }

  double server_sum(std::string_view column) const {
    const PgRows rows = cluster_.execute(
        fmt::format("SELECT sum({}) FROM public.pg_stat_statements(false) WHERE userid = 'app'::regrole", column));
    return rows.get(0, 0) ? std::stod(rows.text(0, 0)) : 0;
  }

  PgCluster cluster_{GetParam()};
  std::optional<PgConnection> app_;
};

constexpr auto calls = "pg_stat_statements_calls_total";

TEST_P(Statements, SumsOverAllSeriesAreWhatTheServerCountedSinceTheStart) {
  run_statements(30);
  StatementsTask task({5, 10, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  EXPECT_EQ(reader.sum(calls), 0);
  const double calls_before = server_sum("calls");
  const double rows_before = server_sum("rows");
  const double hit_before = server_sum("shared_blks_hit");
  const double time_before = server_sum("total_exec_time");
  const double wal_before = server_sum("wal_bytes");
  run_statements(50, 2);
  app_->query("CREATE TABLE t AS SELECT g FROM generate_series(1, 2000) g");
  app_->query("SELECT count(*) FROM t");
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), server_sum("calls") - calls_before);
  EXPECT_EQ(reader.sum(calls), 102);
  EXPECT_EQ(reader.sum("pg_stat_statements_all_calls_total"), 102);
  EXPECT_EQ(reader.sum("pg_stat_statements_rows_total"), server_sum("rows") - rows_before);
  EXPECT_EQ(reader.sum("pg_stat_statements_shared_blocks_hit_total"), server_sum("shared_blks_hit") - hit_before);
  EXPECT_NEAR(reader.sum("pg_stat_statements_seconds_total"), (server_sum("total_exec_time") - time_before) / 1000,
              1e-9);
  EXPECT_EQ(reader.sum("pg_stat_statements_wal_bytes_total"), server_sum("wal_bytes") - wal_before);
  EXPECT_GT(reader.sum("pg_stat_statements_wal_bytes_total"), 0);
}

TEST_P(Statements, TheNumberOfSeriesIsBoundedAndTheRestIsOther) {
  run_statements(100);
  StatementsTask task({5, 10, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  run_statements(100);
  reader.run_after(30s);
  EXPECT_EQ(reader.count(calls, {{"queryid", "other"}, {"user", "app"}, {"datname", "postgres"}}), 1U);
  EXPECT_LE(reader.count(calls), 10U + task.ledger()->totals().size());
  EXPECT_GE(reader.value(calls, {{"queryid", "other"}, {"user", "app"}}).value_or(0), 90);
}

TEST_P(Statements, OfADatabaseThatWasRenamedAndMadeAnewAreThoseOfTwo) {
  cluster_.execute("CREATE DATABASE shop");
  const auto use = [&](int times) {
    PgConnection session = cluster_.connect("shop", "app");
    for (int i = 0; i < times; ++i) session.query("SELECT 1");
  };
  StatementsTask task({50, 200, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  use(7);
  reader.run_after(30s);
  const auto all = "pg_stat_statements_all_calls_total";
  // What a session begins with is counted too.
  const double first = reader.value(all, {{"datname", "shop"}, {"user", "app"}}).value_or(0);
  EXPECT_GE(first, 7);
  cluster_.execute("ALTER DATABASE shop RENAME TO old_shop");
  cluster_.execute("CREATE DATABASE shop");
  use(3);
  reader.run_after(30s);
  EXPECT_EQ(reader.value(all, {{"datname", "old_shop"}, {"user", "app"}}), first);
  EXPECT_EQ(reader.value(all, {{"datname", "shop"}, {"user", "app"}}), first - 4);
  cluster_.execute("DROP DATABASE shop");
  cluster_.execute("CREATE DATABASE shop");
  use(2);
  reader.run_after(30s);
  EXPECT_EQ(reader.value(all, {{"datname", "shop"}, {"user", "app"}}), first - 5);
}

TEST_P(Statements, ResetsMoveNothingBack) {
  run_statements(10, 5);
  StatementsTask task({50, 200, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  run_statements(10, 5);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), 50);
  cluster_.execute("SELECT public.pg_stat_statements_reset()");
  run_statements(10, 20);  // more than there were before
  reader.run_after(30s);
  const double after_reset = reader.sum(calls);
  // Before 1.9 a reset can only be told by a counter that went back.
  EXPECT_GE(after_reset, GetParam() >= 14 ? 250 : 50);
  EXPECT_LE(after_reset, 250);
  cluster_.execute("SELECT public.pg_stat_statements_reset()");
  run_statements(10, 1);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), after_reset + 10);
}

TEST_P(Statements, SurviveARestartOfTheServer) {
  run_statements(10, 5);
  StatementsTask task({50, 200, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  const double before = server_sum("calls");
  run_statements(10, 3);
  cluster_.stop();
  cluster_.start();
  app_.emplace(cluster_.connect("postgres", "app"));
  run_statements(10, 2);
  EXPECT_THROW(reader.run_after(30s), Error);  // the session was lost
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), server_sum("calls") - before);
  EXPECT_GE(reader.sum(calls), 50);
}

TEST_P(Statements, AfterACrashBeginAgain) {
  run_statements(10, 5);
  StatementsTask task({50, 200, false, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  run_statements(10, 2);
  reader.run_after(30s);
  const double before = reader.sum(calls);
  cluster_.kill();
  cluster_.start();
  app_.emplace(cluster_.connect("postgres", "app"));
  run_statements(10, 1);
  EXPECT_THROW(reader.run_after(30s), Error);  // the session was lost
  reader.run_after(30s);
  const double after = reader.sum(calls);
  EXPECT_GE(after, before);
  run_statements(10, 7);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), after + 70);
}

// After pg_upgrade the extension keeps its old version until somebody updates it.
TEST_P(Statements, AreReadWithEveryVersionOfTheExtensionThatTheServerSupports) {
  const PgRows versions = cluster_.execute(
      "SELECT version FROM pg_available_extension_versions WHERE name = 'pg_stat_statements'"
      " AND string_to_array(version, '.')::int[] >= '{1,8}'");
  ASSERT_GE(versions.rows(), 1);
  for (int row = 0; row < versions.rows(); ++row) {
    const std::string version = versions.text(row, 0);
    SCOPED_TRACE(version);
    const std::string database = "with_" + version;
    cluster_.execute(fmt::format("CREATE DATABASE \"{}\"", database));
    cluster_.execute("CREATE SCHEMA \"my stats\"", database);
    cluster_.execute(fmt::format("CREATE EXTENSION pg_stat_statements SCHEMA \"my stats\" VERSION '{}'", version),
                     database);
    cluster_.execute("GRANT USAGE ON SCHEMA \"my stats\" TO pgvigil", database);
    StatementsTask task({50, 200, true, 1000});
    TaskReader reader(cluster_, task, database);
    reader.run();
    const double before = server_sum("calls");
    run_statements(3, 2);
    reader.run_after(30s);
    EXPECT_EQ(reader.skipped(), "");
    EXPECT_EQ(reader.sum(calls), server_sum("calls") - before);
    EXPECT_GE(reader.sum(calls), 6);
    EXPECT_GE(reader.count("pg_stat_statements_query_info"), 1U);
  }
}

TEST_P(Statements, AreSkippedWithTheReasonWhereThereAreNone) {
  cluster_.execute("CREATE DATABASE bare");
  StatementsTask task({});
  TaskReader bare(cluster_, task, "bare");
  bare.run();
  EXPECT_NE(bare.skipped().find("CREATE EXTENSION pg_stat_statements"), std::string::npos);
  const PgCluster other(GetParam(), {{"shared_preload_libraries", ""}});
  other.execute("CREATE EXTENSION pg_stat_statements");
  TaskReader not_loaded(other, task, "postgres", "postgres");
  not_loaded.run();
  EXPECT_NE(not_loaded.skipped().find("shared_preload_libraries"), std::string::npos);
}

TEST_P(Statements, OfADroppedRoleGoByItsNumber) {
  cluster_.execute("CREATE ROLE leaver LOGIN");
  cluster_.execute("CREATE DATABASE gone");
  StatementsTask task({});
  TaskReader reader(cluster_, task);
  reader.run();
  cluster_.connect("gone", "leaver").query("SELECT 1, 2, 3, 4, 5");
  const std::string role = cluster_.execute("SELECT oid FROM pg_roles WHERE rolname = 'leaver'").text(0, 0);
  cluster_.execute("DROP ROLE leaver");
  const PgRows truth =
      cluster_.execute("SELECT sum(calls) FROM public.pg_stat_statements(false) WHERE userid = " + role);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls, {{"user", role}, {"datname", "gone"}}), std::stod(truth.text(0, 0)));
}

TEST_P(Statements, ThatTheRoleMayNotSeeAreSummedUpAsOther) {
  cluster_.execute("CREATE ROLE nosy LOGIN");
  cluster_.execute("ALTER ROLE nosy SET pg_stat_statements.track = 'none'");
  run_statements(20);
  StatementsTask task({});
  TaskReader reader(cluster_, task, "postgres", "nosy");
  reader.run();
  run_statements(20);
  reader.run_after(30s);
  EXPECT_EQ(reader.value(calls, {{"user", "app"}}), 20);  // one series
  EXPECT_EQ(reader.sum(calls, {{"user", "app"}, {"queryid", "other"}}), 20);
  cluster_.execute("GRANT pg_monitor TO nosy");
  run_statements(20);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), 20);  // what happened at that moment is not known, and not counted twice
  run_statements(20);
  reader.run_after(30s);
  EXPECT_EQ(reader.sum(calls), 40);
}

TEST_P(Statements, HaveTextsOnThePageWhenThatIsAskedForAndWithoutSecrets) {
  app_->query("SELECT 'a' || 42 AS answer");
  app_->query("SET application_name = 'top secret'");
  StatementsTask task({50, 200, true, 1000});
  TaskReader reader(cluster_, task);
  reader.run();
  EXPECT_EQ(reader.count("pg_stat_statements_query_info", {{"query", "SELECT $1 || $2 AS answer"}}), 1U);
  for (const auto& [query, text] : task.texts().all()) EXPECT_EQ(text.find("secret"), std::string::npos) << text;
  StatementsTask silent({50, 200, false, 1000});
  TaskReader without(cluster_, silent);
  without.run();
  EXPECT_THROW(without.count("pg_stat_statements_query_info"), std::runtime_error);
  EXPECT_FALSE(silent.texts().all().empty());
}

TEST_P(Statements, HostileTextsDoNoHarm) {
  const std::string tail = "\"\n\\\x01\x1b[2J\xEF\xBF\xBF";
  app_->query("SELECT 1 AS \"" + std::string(60, 'x') + "\" /* " + tail + std::string(10U << 20U, '*') + " */", 30s);
  app_->query("SELECT 2 -- \x07 bell", 5s);
  StatementsTask task({50, 200, true, 300});
  TaskReader reader(cluster_, task);
  reader.run();
  EXPECT_FALSE(task.texts().all().empty());
  for (const auto& [query, text] : task.texts().all()) {
    EXPECT_LE(text.size(), 300U);
    for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Statements, testing::ValuesIn(PgCluster::available_versions()));

}  // namespace
}  // namespace pgvigil
