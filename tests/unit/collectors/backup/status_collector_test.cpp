#include "collectors/backup/status_collector.h"

#include <gtest/gtest.h>

#include <optional>

#include "collectors/backup/folder_store.h"
#include "collectors/connections.h"
#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class BackupStatus : public testing::Test {
 protected:
  BackupStatusCollector::Job job(const std::string& name) {
    BackupOptions options;
    options.name = name;
    options.database = name + "db";
    options.schedule = Interval{std::chrono::hours(24)};
    return {options, std::make_shared<FolderStore>(dir_ / "backups", name)};
  }

  void take_backup(const std::string& job, const std::string& id) {
    Manifest manifest;
    manifest.id = id;
    manifest.job = job;
    manifest.started = manifest.snapshot = manifest.finished = clock_.wall_now();
    FolderStore(dir_ / "backups", job).begin(id)->commit(manifest);
  }

  // Instead of the folder of the job's store there is something that cannot be listed.
  void break_store(const std::string& job) {
    std::filesystem::create_directories(dir_ / "backups");
    if (std::filesystem::exists(dir_ / "backups" / job)) {
      std::filesystem::rename(dir_ / "backups" / job, dir_ / ("away-" + job));
    }
    dir_.write("backups/" + job, "no folder");
  }
  void repair_store(const std::string& job) {
    std::filesystem::remove(dir_ / "backups" / job);
    std::filesystem::rename(dir_ / ("away-" + job), dir_ / "backups" / job);
  }

  // The value of the job's series now, nullopt when it has none.
  std::optional<double> value(const std::string& name, const std::string& job) {
    RunContext context{connections_, clock_, clock_.steady_now() + seconds(5), {}, {}};
    for (const Family& family : collector_->run(context)) {
      if (family.name != name) continue;
      for (const SeriesView sample : family.samples) {
        if (sample.label_values[0] == job) return sample.value;
      }
    }
    return std::nullopt;
  }

  void start() { collector_.emplace(std::vector{job("shop"), job("other")}, journal_, clock_.wall_now()); }

  TempDir dir_;
  FakeClock clock_;
  ConnectionPool connections_{PgOptions{}, 1, clock_};
  LocalStore store_{dir_ / "state.db"};
  RunJournal journal_{store_};
  std::optional<BackupStatusCollector> collector_;
};

TEST_F(BackupStatus, AStoreThatCannotBeReadHidesNoOtherJob) {
  take_backup("other", "one");
  break_store("shop");
  start();
  clock_.advance(seconds(100));
  EXPECT_EQ(value("pgvigil_backup_store_up", "shop"), 0);
  EXPECT_EQ(value("pgvigil_backup_store_up", "other"), 1);
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "other"), 100);
}

TEST_F(BackupStatus, AJobWhoseStoreWasNeverReadGrowsOldFromItsConfigurationOn) {
  break_store("shop");
  start();
  clock_.advance(seconds(70));
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "shop"), 70);
}

TEST_F(BackupStatus, WhatWasKnownOfAStoreStaysAndGrowsOldUntilItCanBeReadAgain) {
  start();
  clock_.advance(seconds(1000));
  take_backup("shop", "one");
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "shop"), 0);
  break_store("shop");
  clock_.advance(seconds(60));
  EXPECT_EQ(value("pgvigil_backup_store_up", "shop"), 0);
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "shop"), 60);
  repair_store("shop");
  EXPECT_EQ(value("pgvigil_backup_store_up", "shop"), 1);
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "shop"), 60);
}

TEST_F(BackupStatus, TheJournalIsReportedAlsoWhenTheStoreCannotBeRead) {
  break_store("shop");
  start();
  JobRun run;
  run.id = "one";
  run.job = "shop";
  EXPECT_THROW(
      journal_.record(run, clock_, [](JobRun&) { throw Error(Error::Kind::unavailable, "the store is broken"); }),
      Error);
  EXPECT_EQ(value("pgvigil_backup_last_run_success", "shop"), 0);
}

TEST_F(BackupStatus, ASetThatCannotBeLookedIntoMakesNoEmptyStore) {
  take_backup("shop", "one");
  start();
  EXPECT_EQ(value("pgvigil_backup_store_up", "shop"), 1);
  const std::filesystem::path manifest = dir_ / "backups/shop/one/manifest.json";
  std::filesystem::rename(manifest, dir_ / "kept.json");
  std::filesystem::create_symlink("manifest.json", manifest);  // to itself
  clock_.advance(seconds(30));
  EXPECT_EQ(value("pgvigil_backup_store_up", "shop"), 0);
  EXPECT_EQ(value("pgvigil_backup_age_seconds", "shop"), 30);
}

}  // namespace
}  // namespace pgvigil
