#include "collectors/backup/run_journal.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

JobRun make_run(const std::string& id, RunKind kind = RunKind::backup, const std::string& job = "shop") {
  JobRun run;
  run.id = id;
  run.job = job;
  run.kind = kind;
  run.owned = {"/var/backups/" + id, "/tmp/" + id};
  run.started = WallTime(seconds(1000));
  return run;
}

class RunJournalTest : public testing::Test {
 protected:
  void record(
      JobRun run, const std::function<void(JobRun&)>& work = [](JobRun&) {}) {
    try {
      journal_.record(run, clock_, work);
    } catch (const std::exception&) {
      // The journal has it.
    }
  }

  TempDir dir_;
  FakeClock clock_;
  LocalStore store_{dir_ / "state.db"};
  RunJournal journal_{store_};
};

TEST_F(RunJournalTest, ARunIsRunningWhileItWorks) {
  record(make_run("one"), [&](JobRun&) {
    ASSERT_EQ(journal_.running().size(), 1U);
    EXPECT_EQ(journal_.running()[0].owned, make_run("one").owned);
    EXPECT_EQ(journal_.history("shop", RunKind::backup).running->id, "one");
    EXPECT_FALSE(journal_.history("shop", RunKind::backup).last_ended);
  });
  EXPECT_TRUE(journal_.running().empty());
  EXPECT_EQ(journal_.history("shop", RunKind::backup).last_ended->state, RunState::done);
}

TEST_F(RunJournalTest, AFailureIsEnteredWithItsReasonAndThrownOn) {
  JobRun run = make_run("one");
  const auto fail = [](JobRun&) { throw Error(Error::Kind::rejected, "pg_dump: exit code 1"); };
  EXPECT_THROW(journal_.record(run, clock_, fail), Error);
  const auto last = journal_.history("shop", RunKind::backup).last_ended;
  EXPECT_EQ(last->state, RunState::failed);
  EXPECT_EQ(last->error, "pg_dump: exit code 1");
  EXPECT_EQ(last->finished, clock_.wall_now());
}

TEST_F(RunJournalTest, ARunThatWasStoppedIsInterrupted) {
  record(make_run("one"), [](JobRun&) { throw Error(Error::Kind::cancelled, "stopped"); });
  EXPECT_EQ(journal_.history("shop", RunKind::backup).last_ended->state, RunState::interrupted);
}

TEST_F(RunJournalTest, AnyOtherExceptionIsAFailureToo) {
  record(make_run("one"), [](JobRun&) { throw std::bad_alloc(); });
  EXPECT_EQ(journal_.history("shop", RunKind::backup).last_ended->state, RunState::failed);
}

TEST_F(RunJournalTest, ALaterFailureDoesNotHideTheLastGoodRun) {
  record(make_run("good"));
  record(make_run("bad"), [](JobRun&) { throw Error(Error::Kind::rejected, "no"); });
  const RunHistory history = journal_.history("shop", RunKind::backup);
  EXPECT_EQ(history.last_done->id, "good");
  EXPECT_EQ(history.last_ended->id, "bad");
}

TEST_F(RunJournalTest, KindsAndJobsAreApart) {
  record(make_run("one"));
  EXPECT_FALSE(journal_.history("shop", RunKind::drill).last_ended);
  EXPECT_FALSE(journal_.history("other", RunKind::backup).last_ended);
}

TEST_F(RunJournalTest, ARunWhoseEndWasNeverEnteredDoesNotRunForEver) {
  record(make_run("lost"), [&](JobRun&) { record(make_run("next")); });
  EXPECT_TRUE(journal_.running().empty());
}

TEST_F(RunJournalTest, TheNewestProvedBackupIsNotTheOneOfTheLastDrill) {
  const auto proves = [](int started) {
    return [started](JobRun& run) { run.backup_started = WallTime(seconds(started)); };
  };
  record(make_run("a", RunKind::drill), proves(500));
  record(make_run("b", RunKind::drill), proves(300));
  EXPECT_EQ(journal_.history("shop", RunKind::drill).newest_proved, WallTime(seconds(500)));
}

TEST_F(RunJournalTest, WhatADrillFoundIsKept) {
  record(make_run("one", RunKind::drill), [](JobRun& run) {
    run.backup = "20261121T020000Z-00000000";
    run.restore_seconds = 1.5;
    run.results = Json::Object{{"tables", 3}};
  });
  const auto run = journal_.history("shop", RunKind::drill).last_done;
  EXPECT_EQ(run->backup, "20261121T020000Z-00000000");
  EXPECT_DOUBLE_EQ(run->restore_seconds, 1.5);
  EXPECT_EQ(run->results["tables"].integer(), 3);
}

TEST_F(RunJournalTest, AJobIsConfiguredOnce) {
  EXPECT_EQ(journal_.configured_since("shop", WallTime(seconds(5))), WallTime(seconds(5)));
  EXPECT_EQ(journal_.configured_since("shop", WallTime(seconds(9))), WallTime(seconds(5)));
}

TEST_F(RunJournalTest, RunsWaitForTheIndexUntilTheyAreMarked) {
  record(make_run("one"));
  record(make_run("two", RunKind::drill));
  record(make_run("other", RunKind::backup, "other"));
  ASSERT_EQ(journal_.not_indexed("shop").size(), 2U);
  journal_.mark_indexed("one");
  ASSERT_EQ(journal_.not_indexed("shop").size(), 1U);
  EXPECT_EQ(journal_.not_indexed("shop")[0].id, "two");
}

TEST_F(RunJournalTest, IsStillThereForTheNextProcess) {
  record(make_run("one"));
  LocalStore again(dir_ / "state.db");
  EXPECT_TRUE(RunJournal(again).history("shop", RunKind::backup).last_done);
}

TEST(NewRunId, SortsByTimeAndDiffersWithinASecond) {
  const WallTime now(seconds(1795399200));
  EXPECT_LT(new_run_id(now), new_run_id(now + seconds(1)));
  EXPECT_NE(new_run_id(now), new_run_id(now));
  EXPECT_EQ(new_run_id(now).size(), std::string("20261121T020000Z-1f0c9a3e").size());
}

}  // namespace
}  // namespace pgvigil
