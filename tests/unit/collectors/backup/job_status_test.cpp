#include "collectors/backup/job_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pgvigil {
namespace {

WallTime at(int second) {
  return WallTime(seconds(second));
}

// The value of a metric's series of job "shop", nullopt when it has none.
std::optional<double> value(const JobStatus& job, const std::string& name, int now) {
  for (const Family& family : backup_families({job}, at(now))) {
    if (family.name != name) continue;
    EXPECT_EQ(family.label_names, (std::vector<std::string>{"job", "database"}));
    if (family.samples.empty()) return std::nullopt;
    EXPECT_THAT(family.samples.front().label_values, testing::ElementsAre("shop", "shopdb"));
    return family.samples.front().value;
  }
  ADD_FAILURE() << "there is no family " << name;
  return std::nullopt;
}

JobStatus new_job() {
  JobStatus job;
  job.job = "shop";
  job.database = "shopdb";
  job.configured_since = at(1000);
  job.has_drill = true;
  return job;
}

JobRun ended(RunState state, int finished) {
  JobRun run;
  run.state = state;
  run.finished = at(finished);
  return run;
}

TEST(BackupFamilies, AJobThatNeverRanGrowsOldFromItsConfigurationOn) {
  const JobStatus job = new_job();
  EXPECT_EQ(value(job, "pgvigil_backup_age_seconds", 1600), 600);
  EXPECT_EQ(value(job, "pgvigil_restore_test_age_seconds", 1600), 600);
  EXPECT_EQ(value(job, "pgvigil_backup_last_success_timestamp_seconds", 1600), 0);
  EXPECT_EQ(value(job, "pgvigil_backup_verified_timestamp_seconds", 1600), 0);
  EXPECT_EQ(value(job, "pgvigil_backup_in_progress", 1600), 0);
  EXPECT_EQ(value(job, "pgvigil_backup_stored_bytes", 1600), 0);
}

TEST(BackupFamilies, AJobThatNeverRanHasNotFailed) {
  EXPECT_EQ(value(new_job(), "pgvigil_backup_last_run_success", 1600), std::nullopt);
  EXPECT_EQ(value(new_job(), "pgvigil_restore_test_last_run_success", 1600), std::nullopt);
}

TEST(BackupFamilies, ABackupIsAsOldAsItsData) {
  JobStatus job = new_job();
  job.newest = BackupSummary{at(2000), at(2001), at(2500), 900, 300, 500};
  job.backups.last_ended = job.backups.last_done = ended(RunState::done, 2500);
  EXPECT_EQ(value(job, "pgvigil_backup_age_seconds", 3001), 1000);
  EXPECT_EQ(value(job, "pgvigil_backup_last_success_timestamp_seconds", 3001), 2500);
  EXPECT_EQ(value(job, "pgvigil_backup_raw_bytes", 3001), 900);
  EXPECT_EQ(value(job, "pgvigil_backup_stored_bytes", 3001), 300);
  EXPECT_EQ(value(job, "pgvigil_backup_duration_seconds", 3001), 500);
  EXPECT_EQ(value(job, "pgvigil_backup_last_run_success", 3001), 1);
}

TEST(BackupFamilies, AFailedRunShowsAndTheOldBackupStays) {
  JobStatus job = new_job();
  job.newest = BackupSummary{at(2000), at(2000), at(2000), 900, 300, 0};
  for (const RunState state : {RunState::failed, RunState::interrupted}) {
    job.backups.last_ended = ended(state, 2600);
    EXPECT_EQ(value(job, "pgvigil_backup_last_run_success", 3000), 0);
    EXPECT_EQ(value(job, "pgvigil_backup_age_seconds", 3000), 1000);
  }
}

TEST(BackupFamilies, AnInterruptedDrillDoesNotUndoWhatWasProved) {
  JobStatus job = new_job();
  job.drills.last_done = ended(RunState::done, 2600);
  job.drills.last_done->restore_seconds = 12.5;
  job.drills.newest_proved = at(2000);
  job.drills.last_ended = ended(RunState::failed, 2900);
  job.drills.running = JobRun{};
  EXPECT_EQ(value(job, "pgvigil_restore_test_last_success_timestamp_seconds", 3000), 2600);
  EXPECT_EQ(value(job, "pgvigil_restore_test_age_seconds", 3000), 400);
  EXPECT_EQ(value(job, "pgvigil_restore_test_last_run_success", 3000), 0);
  EXPECT_EQ(value(job, "pgvigil_restore_test_in_progress", 3000), 1);
  EXPECT_EQ(value(job, "pgvigil_restore_seconds", 3000), 12.5);
  EXPECT_EQ(value(job, "pgvigil_backup_verified_timestamp_seconds", 3000), 2000);
}

TEST(BackupFamilies, AJobWithoutADrillHasNoSeriesOfDrills) {
  JobStatus job = new_job();
  job.has_drill = false;
  EXPECT_EQ(value(job, "pgvigil_restore_test_age_seconds", 1600), std::nullopt);
  EXPECT_EQ(value(job, "pgvigil_backup_verified_timestamp_seconds", 1600), std::nullopt);
}

TEST(BackupFamilies, AStoreThatCannotBeReadIsDownAndWhatIsKnownOfItStays) {
  JobStatus job = new_job();
  EXPECT_EQ(value(job, "pgvigil_backup_store_up", 3000), 1);
  job.newest = BackupSummary{at(2000), at(2000), at(2000), 900, 300, 0};
  job.store_readable = false;
  EXPECT_EQ(value(job, "pgvigil_backup_store_up", 3000), 0);
  EXPECT_EQ(value(job, "pgvigil_backup_age_seconds", 3000), 1000);
}

TEST(BackupFamilies, AClockThatWasSetBackMakesNoNegativeAge) {
  EXPECT_EQ(value(new_job(), "pgvigil_backup_age_seconds", 10), 0);
}

TEST(BackupFamilies, NoNameComesTwice) {
  std::set<std::string> names;
  for (const Family& family : backup_families({new_job()}, at(1600)))
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
}

}  // namespace
}  // namespace pgvigil
