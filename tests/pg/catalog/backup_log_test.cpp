// The collectors that read the index tables of backups, on tables that the backup jobs' own code makes and fills.

#include <gtest/gtest.h>

#include "collectors/backup/folder_store.h"
#include "collectors/backup/index_tables.h"
#include "core/error.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/fake_clock.h"

namespace pgvigil {
namespace {

const CatalogReader::Labels shop{{"job", "shop"}, {"database", "postgres"}};

class BackupLogCatalog : public testing::TestWithParam<int> {
 protected:
  BackupLogCatalog() {
    create_monitoring_role(cluster_);
    job_.name = "shop";
    job_.database = "postgres";
    job_.log_database = "postgres";
    target_.conninfo = cluster_.conninfo();
  }

  // Enters one run that began `age` ago, and brings the tables up to date.
  void enter(RunKind kind, bool good, std::chrono::minutes age) {
    clock_.set_wall(std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) - age);
    JobRun run;
    run.id = new_run_id(clock_.wall_now());
    run.job = "shop";
    run.kind = kind;
    run.started = clock_.wall_now();
    try {
      journal_.record(run, clock_, [&](JobRun& running) {
        if (!good) throw Error(Error::Kind::unavailable, "played");
        running.restore_seconds = 12.5;
        running.results = Json::Array{};
      });
    } catch (const Error&) {
      EXPECT_FALSE(good);
    }
    IndexTables(job_, target_).catch_up(journal_, store_, {});
  }

  std::optional<double> backup(const char* metric) { return CatalogReader(cluster_).value("backup_log", metric, shop); }
  std::optional<double> drill(const char* metric) {
    return CatalogReader(cluster_).value("recovery_tests", metric, shop);
  }

  PgCluster cluster_{GetParam()};
  TempDir folder_;
  LocalStore local_{folder_ / "state.db"};
  RunJournal journal_{local_};
  FolderStore store_{folder_ / "store", "shop"};
  FakeClock clock_;
  BackupOptions job_;
  PgOptions target_;
};

TEST_P(BackupLogCatalog, WithoutTheTablesThereIsNothingToRead) {
  CatalogReader reader(cluster_);
  EXPECT_NE(reader.run("backup_log").skipped.find("pgvigil.backup_log"), std::string::npos);
  EXPECT_NE(reader.run("recovery_tests").skipped.find("pgvigil.recovery_tests"), std::string::npos);
}

TEST_P(BackupLogCatalog, AgesAndOutcomesAreThoseOfTheNewestRuns) {
  enter(RunKind::backup, true, std::chrono::minutes(180));
  EXPECT_NEAR(backup("pg_backup_log_last_done_age_seconds").value_or(0), 180 * 60, 60);
  EXPECT_EQ(backup("pg_backup_log_last_run_success"), 1);

  enter(RunKind::backup, false, std::chrono::minutes(60));
  EXPECT_NEAR(backup("pg_backup_log_last_done_age_seconds").value_or(0), 180 * 60, 60)
      << "a failure makes nothing younger";
  EXPECT_EQ(backup("pg_backup_log_last_run_success"), 0);
  EXPECT_EQ(backup("pg_backup_log_runs_done"), 1);
  EXPECT_EQ(backup("pg_backup_log_runs_failed"), 1);

  enter(RunKind::backup, true, std::chrono::minutes(10));
  EXPECT_NEAR(backup("pg_backup_log_last_done_age_seconds").value_or(0), 10 * 60, 60);
  EXPECT_EQ(backup("pg_backup_log_last_run_success"), 1);
}

TEST_P(BackupLogCatalog, AJobWithFailuresOnlyHasNoAge) {
  enter(RunKind::backup, false, std::chrono::minutes(5));
  EXPECT_EQ(backup("pg_backup_log_last_done_age_seconds"), std::nullopt);
  EXPECT_EQ(backup("pg_backup_log_last_run_success"), 0);
}

TEST_P(BackupLogCatalog, RestoreTestsAreReadApart) {
  enter(RunKind::drill, true, std::chrono::minutes(90));
  enter(RunKind::drill, false, std::chrono::minutes(30));
  EXPECT_NEAR(drill("pg_recovery_tests_last_success_age_seconds").value_or(0), 90 * 60, 60);
  EXPECT_EQ(drill("pg_recovery_tests_last_restore_seconds"), 12.5);
  EXPECT_EQ(drill("pg_recovery_tests_last_run_success"), 0);
}

INSTANTIATE_TEST_SUITE_P(Versions, BackupLogCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
