#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/backup_lab.h"

namespace pgvigil {
namespace {

class DrillTest : public testing::Test {
 protected:
  DrillTest() {
    lab_.make_shop();
    job_ = lab_.job();
  }

  void take_backup() { ASSERT_EQ(lab_.run(job_, "backup/shop"), ""); }
  std::string drill() { return lab_.run(job_, "drill/shop"); }
  std::filesystem::path dump() { return lab_.folder("backups/shop") / lab_.backups().at(0) / "shop.dump.zst"; }

  // Nothing of a drill is left: no folder, no server.
  void expect_nothing_left() {
    EXPECT_EQ(BackupLab::listing(lab_.folder("state/drills")), std::vector<std::string>{});
    const auto last = lab_.last(RunKind::drill);
    ASSERT_TRUE(last);
    for (const std::string& folder : last->owned) EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
    EXPECT_TRUE(BackupLab::processes("postgres", last->id).empty());
  }

  BackupLab lab_;
  BackupOptions job_;
};

TEST_F(DrillTest, ProvesAGoodBackup) {
  take_backup();
  job_.verify->queries = {{"SELECT count(*) FROM orders", 500},
                          {"SELECT bool_and(total >= 0) FROM orders", {}},
                          {"SELECT sum = 125250 FROM revenue", {}},
                          {"SELECT vat(100) = 19", {}}};
  ASSERT_EQ(drill(), "");
  const auto last = lab_.last(RunKind::drill);
  EXPECT_EQ(last->state, RunState::done);
  EXPECT_EQ(last->backup, lab_.backups().at(0));
  EXPECT_GT(last->restore_seconds, 0);
  EXPECT_EQ(last->results["queries"].array().size(), 4U);
  const std::map<std::string, double> metrics = lab_.metrics(job_);
  EXPECT_EQ(metrics.at("pgvigil_restore_test_last_run_success"), 1);
  EXPECT_EQ(metrics.at("pgvigil_backup_verified_timestamp_seconds"),
            unix_seconds(lab_.store_folder().manifest(last->backup).started));
  expect_nothing_left();
}

TEST_F(DrillTest, RestoresOwnersMembershipsAndGrants) {
  take_backup();
  job_.verify->queries = {
      {"SELECT tableowner = 'shop_owner' FROM pg_tables WHERE tablename = 'orders'", {}},
      {"SELECT has_table_privilege('shop Reader', 'sales.orders', 'SELECT')", {}},
      {"SELECT pg_has_role('shop_owner', 'shop Reader', 'MEMBER')", {}},
      {"SELECT pg_get_userbyid(datdba) = 'shop_owner' FROM pg_database WHERE datname = current_database()", {}}};
  EXPECT_EQ(drill(), "");
}

TEST_F(DrillTest, AFalseVerificationQueryFailsIt) {
  take_backup();
  job_.verify->queries = {{"SELECT count(*) FROM orders", 1}, {"SELECT bool_and(total > 1) FROM orders", {}}};
  EXPECT_EQ(drill(), "SELECT bool_and(total > 1) FROM orders: it returned f instead of true");
  EXPECT_EQ(lab_.last(RunKind::drill)->state, RunState::failed);
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_restore_test_last_run_success"), 0);
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_backup_verified_timestamp_seconds"), 0);
  expect_nothing_left();
}

TEST_F(DrillTest, AQueryThatTheDatabaseRefusesFailsIt) {
  take_backup();
  job_.verify->queries = {{"SELECT count(*) FROM no_such_table", 1}};
  EXPECT_NE(drill().find("relation \"no_such_table\" does not exist"), std::string::npos);
}

TEST_F(DrillTest, AQueryCannotChangeAnything) {
  take_backup();
  job_.verify->queries = {{"DELETE FROM orders RETURNING true", {}}};
  EXPECT_NE(drill().find("read-only"), std::string::npos);
}

TEST_F(DrillTest, ATruncatedDumpFailsIt) {
  take_backup();
  std::filesystem::resize_file(dump(), std::filesystem::file_size(dump()) - 100);
  EXPECT_NE(drill().find("shop.dump.zst is damaged"), std::string::npos);
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_restore_test_last_run_success"), 0);
  expect_nothing_left();
}

TEST_F(DrillTest, AFlippedBitFailsIt) {
  take_backup();
  std::fstream file(dump(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(std::filesystem::file_size(dump()) / 2));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(dump()) / 2));
  file.put(static_cast<char>(byte ^ 1));
  file.close();
  EXPECT_NE(drill().find("shop.dump.zst is damaged"), std::string::npos);
  expect_nothing_left();
}

TEST_F(DrillTest, RowsThatTheManifestHasAndTheDumpHasNotFailIt) {
  take_backup();
  const std::filesystem::path file = dump().parent_path() / "manifest.json";
  std::string manifest = slurp(file);
  const std::size_t at = manifest.find("\"rows\": 500");
  ASSERT_NE(at, std::string::npos);
  manifest.replace(at, 11, "\"rows\": 501");
  std::ofstream(file) << manifest;
  EXPECT_EQ(drill(), "table sales.orders has 500 rows, the backup's snapshot had 501");
}

TEST_F(DrillTest, TakesTheNewestBackup) {
  take_backup();
  lab_.cluster().execute("INSERT INTO sales.orders (total) VALUES (7)", "shop");
  take_backup();
  job_.verify->queries = {{"SELECT count(*) FROM orders", 501}};
  EXPECT_EQ(drill(), "");
}

TEST_F(DrillTest, WithoutABackupThereIsNothingToTest) {
  EXPECT_EQ(drill(), "");
  EXPECT_FALSE(lab_.last(RunKind::drill));
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_restore_test_last_success_timestamp_seconds"), 0);
}

TEST_F(DrillTest, BackupsThatHaveVanishedFailIt) {
  take_backup();
  std::filesystem::remove_all(lab_.folder("backups"));
  EXPECT_EQ(drill(), "backups were taken, but the store has none any more");
  EXPECT_EQ(lab_.last(RunKind::drill)->state, RunState::failed);
}

TEST_F(DrillTest, NothingOutsideOfItsFoldersChanges) {
  take_backup();
  const std::string snapshot = "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM sales.orders t";
  const std::string rows = lab_.cluster().execute(snapshot, "shop").text(0, 0);
  const std::string databases =
      lab_.cluster().execute("SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database").text(0, 0);
  const auto backups = BackupLab::listing(lab_.folder("backups"));
  const auto other = lab_.folder("state/drills/somebody-elses/file");
  std::filesystem::create_directories(other.parent_path());
  std::ofstream(other) << "mine";
  ASSERT_EQ(drill(), "");
  EXPECT_EQ(lab_.cluster().execute(snapshot, "shop").text(0, 0), rows);
  EXPECT_EQ(lab_.cluster().execute("SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database").text(0, 0),
            databases);
  EXPECT_EQ(BackupLab::listing(lab_.folder("backups")), backups);
  EXPECT_EQ(slurp(other), "mine");
}

// PGHOSTADDR in the agent's own environment would send the restore to the real server.
TEST_F(DrillTest, IsNotLedAstrayByTheAgentsEnvironment) {
  take_backup();
  const std::map<std::string, std::string> environment{{"PGHOSTADDR", "127.0.0.1"},
                                                       {"PGPORT", "1"},
                                                       {"PGUSER", "nobody"},
                                                       {"PGDATABASE", "nowhere"},
                                                       {"PGOPTIONS", "-c no_such_setting=1"},
                                                       {"PGTARGETSESSIONATTRS", "standby"}};
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  const std::string failure = drill();
  for (const auto& entry : environment) ::unsetenv(entry.first.c_str());
  EXPECT_EQ(failure, "");
}

TEST_F(DrillTest, IsStoppedWhenTheAgentStops) {
  take_backup();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_NE(lab_.run(job_, "drill/shop", stop.get_token()), "");
  EXPECT_EQ(lab_.last(RunKind::drill)->state, RunState::interrupted);
  expect_nothing_left();
}

TEST_F(DrillTest, TheDatabasePostgresItselfCanBeProved) {
  lab_.cluster().execute("CREATE TABLE public.in_postgres AS SELECT 1 AS one");
  job_.database = "postgres";
  take_backup();
  job_.verify->queries = {{"SELECT count(*) FROM in_postgres", 1}};
  EXPECT_EQ(drill(), "");
}

TEST_F(DrillTest, WritesTheIndexTables) {
  job_.log_database = "shop";
  take_backup();
  ASSERT_EQ(drill(), "");
  job_.verify->queries = {{"SELECT false", {}}};
  ASSERT_NE(drill(), "");
  const PgRows rows = lab_.cluster().execute(
      "SELECT success, backup_file, restore_time_seconds > 0, validation_results -> 'queries' -> 0 ->> 'sql', error"
      " FROM pgvigil.recovery_tests ORDER BY success DESC",
      "shop");
  ASSERT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.text(0, 0), "t");
  EXPECT_EQ(rows.text(0, 1), dump().parent_path());
  EXPECT_EQ(rows.text(0, 2), "t");
  EXPECT_EQ(rows.text(1, 0), "f");
  EXPECT_EQ(rows.get(1, 2), std::nullopt);
  EXPECT_EQ(rows.text(1, 3), "SELECT false");
  EXPECT_NE(rows.text(1, 4).find("instead of true"), std::string::npos);
  EXPECT_EQ(lab_.cluster()
                .execute("SELECT count(*) FROM pgvigil.backup_log WHERE verified_at IS NOT NULL", "shop")
                .text(0, 0),
            "1");
}

}  // namespace
}  // namespace pgvigil
