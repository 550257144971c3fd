#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "collectors/backup/manifest.h"
#include "core/child_process.h"
#include "core/error.h"
#include "core/sha256.h"
#include "tests/support/backup_lab.h"

namespace pgvigil {
namespace {

// An SQL identifier.
std::string quoted(const std::string& name) {
  std::string result = "\"";
  for (const char c : name) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

class BackupJobTest : public testing::Test {
 protected:
  BackupJobTest() { lab_.make_shop(); }

  Manifest only_manifest() {
    const std::vector<Manifest> all = manifests(lab_.store_folder());
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }

  BackupLab lab_;
};

TEST_F(BackupJobTest, TakesABackupThatIsDescribedByItsManifest) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  const Manifest manifest = only_manifest();
  EXPECT_EQ(manifest.job, "shop");
  EXPECT_EQ(manifest.source.database, "shop");
  EXPECT_EQ(manifest.source.version / 10000, lab_.cluster().major());
  EXPECT_EQ(manifest.source.encoding, "UTF8");
  EXPECT_EQ(manifest.source.bootstrap_role, "postgres");
  EXPECT_EQ(manifest.source.system_identifier,
            lab_.cluster().execute("SELECT system_identifier FROM pg_control_system()").text(0, 0));
  EXPECT_TRUE(manifest.source.extensions.contains("plpgsql"));
  EXPECT_EQ(manifest.tables, (std::vector<TableRows>{{"sales.\"Odd Name\"", 2, true}, {"sales.orders", 500, true}}));
  for (const StoredObject& object : manifest.objects) {
    const std::string content = slurp(lab_.folder("backups/shop") / manifest.id / object.name);
    EXPECT_EQ(object.stored.sha256, sha256_hex(content)) << object.name;
    EXPECT_EQ(object.stored.bytes, static_cast<std::int64_t>(content.size())) << object.name;
  }
}

TEST_F(BackupJobTest, LeavesTheSetAndNothingElse) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  const std::string id = lab_.backups().at(0);
  EXPECT_EQ(BackupLab::listing(lab_.folder("backups")),
            (std::vector<std::string>{"shop", "shop/" + id, "shop/" + id + "/globals.sql",
                                      "shop/" + id + "/manifest.json", "shop/" + id + "/shop.dump.zst"}));
}

TEST_F(BackupJobTest, NobodyElseCanReadIt) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  struct stat info {};
  const std::filesystem::path set = lab_.folder("backups/shop") / lab_.backups().at(0);
  ASSERT_EQ(::stat(set.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat((set / "shop.dump.zst").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(BackupJobTest, IsAnOrdinaryArchiveOfPgDump) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  const std::string file = lab_.folder("backups/shop") / lab_.backups().at(0) / "shop.dump.zst";
  const std::string restore = PgCluster::programs(lab_.cluster().major()) / "pg_restore";
  const std::string zstd = "command -v zstd >/dev/null || exit 77; zstd -dcq '" + file + "' | '" + restore + "' --list";
  const Output output = run({{"/bin/sh", "-c", zstd}, {}, {}, {}}, seconds(60));
  if (output.status.code == 77) GTEST_SKIP() << "the program zstd is not installed";
  ASSERT_TRUE(output.status.ok()) << output.status.describe();
  EXPECT_NE(output.text.find("TABLE DATA sales orders shop_owner"), std::string::npos);
}

TEST_F(BackupJobTest, KeepsRolesWithoutTheirPasswords) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  const std::string globals = slurp(lab_.folder("backups/shop") / lab_.backups().at(0) / "globals.sql");
  EXPECT_NE(globals.find("CREATE ROLE shop_owner;"), std::string::npos);
  EXPECT_NE(globals.find("GRANT \"shop Reader\" TO shop_owner"), std::string::npos);
  EXPECT_EQ(globals.find("SCRAM"), std::string::npos);
}

TEST_F(BackupJobTest, CountsAreOfTheDumpsOwnSnapshotWhileOthersWrite) {
  std::jthread writer([&](const std::stop_token& stop) {
    PgConnection session = lab_.cluster().connect("shop");
    while (!stop.stop_requested()) session.query("INSERT INTO sales.orders (total) VALUES (1)");
  });
  for (int i = 0; i < 3; ++i) ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  writer.request_stop();
  writer.join();
  ASSERT_EQ(lab_.run(lab_.job(), "drill/shop"), "");
}

TEST_F(BackupJobTest, LeavesNoSessionBehind) {
  ASSERT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
  EXPECT_TRUE(eventually(seconds(30), [&] {
    return lab_.cluster()
               .execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgvigil%'")
               .text(0, 0) == "0";
  }));
}

TEST_F(BackupJobTest, WorksWithARoleThatOwnsTheDatabaseAndIsNoSuperuser) {
  BackupOptions job = lab_.job();
  job.conninfo = lab_.cluster().conninfo("postgres", "shop_owner");
  ASSERT_EQ(lab_.run(job, "backup/shop"), "");
  EXPECT_EQ(lab_.run(job, "drill/shop"), "");
}

TEST_F(BackupJobTest, TakesAndRestoresADatabaseOfAnyName) {
  // By a role that may connect to no other database, so that only the right one can have been reached.
  lab_.cluster().execute("REVOKE CONNECT ON DATABASE postgres, template1, shop FROM PUBLIC");
  lab_.cluster().execute("CREATE ROLE keeper LOGIN");
  BackupOptions job = lab_.job();
  job.conninfo = lab_.cluster().conninfo("postgres", "keeper");
  for (const std::string& name :
       std::vector<std::string>{"a=b 'c\"", R"(back\slash ')", "Bücher = 本", "postgresql://nowhere/"}) {
    lab_.cluster().execute("CREATE DATABASE " + quoted(name) + " OWNER keeper");
    PgOptions keeper;
    keeper.conninfo = with_database(*job.conninfo, name);
    keeper.access = Access::read_write;
    keeper.catalog_names_only = false;
    PgConnection::open(keeper).query("CREATE TABLE proof AS SELECT 1 AS one");
    job.database = name;
    EXPECT_EQ(lab_.run(job, "backup/shop"), "") << name;
    EXPECT_EQ(lab_.run(job, "drill/shop"), "") << name;
    const std::vector<Manifest> all = manifests(lab_.store_folder());
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.back().source.database, name);
    EXPECT_EQ(all.back().tables.size(), 1U) << name;
  }
}

TEST_F(BackupJobTest, ReportsTheBackupOnMetrics) {
  const BackupOptions job = lab_.job();
  const std::map<std::string, double> before = lab_.metrics(job);
  EXPECT_EQ(before.at("pgvigil_backup_last_success_timestamp_seconds"), 0);
  EXPECT_FALSE(before.contains("pgvigil_backup_last_run_success"));
  ASSERT_EQ(lab_.run(job, "backup/shop"), "");
  const Manifest manifest = only_manifest();
  const std::map<std::string, double> after = lab_.metrics(job);
  EXPECT_EQ(after.at("pgvigil_backup_last_success_timestamp_seconds"), unix_seconds(manifest.finished));
  EXPECT_EQ(after.at("pgvigil_backup_last_run_success"), 1);
  EXPECT_EQ(after.at("pgvigil_backup_stored_bytes"), static_cast<double>(manifest.stored_bytes()));
  EXPECT_EQ(after.at("pgvigil_backup_in_progress"), 0);
  EXPECT_EQ(after.at("pgvigil_restore_test_last_success_timestamp_seconds"), 0);
}

TEST_F(BackupJobTest, IsRefusedWhenTheProgramsAreTooOldForTheServer) {
  const std::filesystem::path bin = lab_.folder("old");
  std::filesystem::create_directories(bin);
  for (const char* name : {"pg_dump", "pg_dumpall"}) {
    std::ofstream(bin / name) << "#!/bin/sh\necho \"$0 (PostgreSQL) 9.6.24\"\n";
    std::filesystem::permissions(bin / name, std::filesystem::perms::owner_all);
  }
  BackupOptions job = lab_.job();
  job.pg_bin = bin;
  EXPECT_NE(lab_.run(job, "backup/shop").find("of version 9.6.24"), std::string::npos);
  EXPECT_TRUE(lab_.backups().empty());
}

TEST_F(BackupJobTest, WritesItsRunsToTheIndexTables) {
  BackupOptions job = lab_.job();
  job.log_database = "postgres";
  ASSERT_EQ(lab_.run(job, "backup/shop"), "");
  job.database = "nowhere";
  ASSERT_NE(lab_.run(job, "backup/shop"), "");
  const Manifest manifest = only_manifest();
  const PgRows rows = lab_.cluster().execute(
      "SELECT id, state, raw_bytes, stored_bytes, sha256, location, finished_at >= started_at, error FROM "
      "pgvigil.backup_log"
      " ORDER BY started_at, state");
  ASSERT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.text(0, 0), manifest.id);
  EXPECT_EQ(rows.text(0, 1), "done");
  EXPECT_EQ(rows.text(0, 2), std::to_string(manifest.raw_bytes()));
  EXPECT_EQ(rows.text(0, 3), std::to_string(manifest.stored_bytes()));
  EXPECT_EQ(rows.text(0, 4), manifest.objects.at(0).stored.sha256);
  EXPECT_EQ(rows.text(0, 5), lab_.store_folder().location(manifest.id));
  EXPECT_EQ(rows.text(0, 6), "t");
  EXPECT_EQ(rows.get(0, 7), std::nullopt);
  EXPECT_EQ(rows.text(1, 1), "failed");
  EXPECT_NE(rows.text(1, 7).find("nowhere"), std::string::npos);
  // Whoever monitors may read them.
  lab_.cluster().execute("CREATE ROLE watcher LOGIN IN ROLE pg_monitor");
  EXPECT_EQ(lab_.cluster().connect("postgres", "watcher").query("SELECT count(*) FROM pgvigil.backup_log").text(0, 0),
            "2");
}

TEST_F(BackupJobTest, AnOutageOfTheIndexFailsNoBackupAndIsMadeUpForLater) {
  BackupOptions job = lab_.job();
  job.log_database = "not_there_yet";
  EXPECT_EQ(lab_.run(job, "backup/shop"), "");
  EXPECT_EQ(lab_.run(job, "backup/shop"), "");
  EXPECT_EQ(lab_.backups().size(), 2U);
  lab_.cluster().execute("CREATE DATABASE not_there_yet");
  EXPECT_EQ(lab_.run(job, "backup/shop"), "");
  EXPECT_EQ(lab_.cluster()
                .execute("SELECT count(*) FROM pgvigil.backup_log WHERE state = 'done'", "not_there_yet")
                .text(0, 0),
            "3");
}

}  // namespace
}  // namespace pgvigil
