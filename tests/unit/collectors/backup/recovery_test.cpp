#include "collectors/backup/recovery.h"

#include <gtest/gtest.h>

#include "collectors/backup/folder_store.h"
#include "collectors/backup/owned_folder.h"
#include "collectors/backup/run_journal.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

// The end that a run cannot enter: the agent was killed.
struct Killed {};

class RecoverBackups : public testing::Test {
 protected:
  // A run of which only what `work` did is left.
  void killed_run(const std::string& id, RunKind kind, std::vector<std::string> owned,
                  const std::function<void()>& work) {
    JobRun run;
    run.id = id;
    run.job = "shop";
    run.kind = kind;
    run.owned = std::move(owned);
    try {
      journal_.record(run, clock_, [&](JobRun&) {
        work();
        throw Killed();
      });
    } catch (const Killed&) {
      // Not a std::exception: the journal did not see it, as it does not see a SIGKILL.
    }
  }
  std::optional<JobRun> last(RunKind kind = RunKind::backup) { return journal_.history("shop", kind).last_ended; }

  TempDir dir_;
  FakeClock clock_;
  LocalStore store_{dir_ / "state.db"};
  RunJournal journal_{store_};
  FolderStore backups_{dir_ / "backups", "shop"};
};

TEST_F(RecoverBackups, RemovesThePartialSetOfARunThatDied) {
  const std::filesystem::path set = backups_.location("one");
  killed_run("one", RunKind::backup, {set.string()}, [&] {
    make_owned_folder(set, "one");
    dir_.write("backups/shop/one/shop.dump.zst.partial", "half");
  });
  recover_backups(store_, clock_);
  EXPECT_FALSE(std::filesystem::exists(set));
  EXPECT_EQ(last()->state, RunState::interrupted);
  EXPECT_TRUE(journal_.running().empty());
}

TEST_F(RecoverBackups, KeepsABackupWhoseManifestWasWritten) {
  killed_run("one", RunKind::backup, {backups_.location("one")}, [&] {
    Manifest manifest;
    manifest.id = "one";
    backups_.begin("one")->commit(manifest);
    dir_.write("backups/shop/one/.pgvigil-run", "one\n");
  });
  recover_backups(store_, clock_);
  EXPECT_EQ(backups_.ids(), std::vector<std::string>{"one"});
  EXPECT_EQ(last()->state, RunState::done);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "backups/shop/one/.pgvigil-run"));
}

TEST_F(RecoverBackups, TouchesNoFolderThatIsNotMarkedAsItsOwn) {
  const auto unmarked = dir_.write("drills/one/data/PG_VERSION", "15");
  make_owned_folder(dir_ / "drills/two", "another-run");
  const auto linked = dir_.write("precious/file", "mine");
  std::filesystem::create_directory_symlink(dir_ / "precious", dir_ / "drills/three");
  dir_.write("precious/.pgvigil-run", "one\n");
  killed_run("one", RunKind::drill, {dir_ / "drills/one", dir_ / "drills/two", dir_ / "drills/three"}, [] {});
  recover_backups(store_, clock_);
  EXPECT_TRUE(std::filesystem::exists(unmarked));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "drills/two/.pgvigil-run"));
  EXPECT_TRUE(std::filesystem::exists(linked));
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ / "drills/three"));
  EXPECT_EQ(last(RunKind::drill)->state, RunState::interrupted);
}

TEST_F(RecoverBackups, RemovesAllFoldersOfADrillEvenWhenOneIsGoneAlready) {
  make_owned_folder(dir_ / "drills/one", "one");
  dir_.write("drills/one/data/base/1", "page");
  std::filesystem::create_directories(dir_ / "drills/empty");
  killed_run("one", RunKind::drill, {dir_ / "drills/one", dir_ / "drills/gone", dir_ / "drills/empty"}, [] {});
  recover_backups(store_, clock_);
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "drills"));
}

TEST_F(RecoverBackups, ARunThatCannotBeSettledNowIsLeftForTheNextStartAndStopsNoOther) {
  const std::filesystem::path link = dir_ / "backups/shop";
  std::filesystem::create_directories(link.parent_path());
  std::filesystem::create_directory_symlink("shop", link);  // to itself: whatever is below cannot be seen
  killed_run("one", RunKind::backup, {backups_.location("one")}, [] {});
  make_owned_folder(dir_ / "drills/two", "two");
  killed_run("two", RunKind::drill, {link / "never-seen", dir_ / "drills/two"}, [] {});
  make_owned_folder(dir_ / "drills/three", "three");
  JobRun other;
  other.id = "three";
  other.job = "other";
  other.kind = RunKind::drill;
  other.owned = {dir_ / "drills/three"};
  try {
    journal_.record(other, clock_, [](JobRun&) { throw Killed(); });
  } catch (const Killed&) {
  }

  EXPECT_NO_THROW(recover_backups(store_, clock_));
  EXPECT_EQ(journal_.running().size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "drills/two")) << "one folder must not save the others";
  EXPECT_FALSE(std::filesystem::exists(dir_ / "drills/three"));
  EXPECT_EQ(journal_.history("other", RunKind::drill).last_ended->state, RunState::interrupted);

  std::filesystem::remove(link);
  make_owned_folder(backups_.location("one"), "one");
  recover_backups(store_, clock_);
  EXPECT_TRUE(journal_.running().empty());
  EXPECT_FALSE(std::filesystem::exists(backups_.location("one")));
  EXPECT_EQ(last()->state, RunState::interrupted);
}

TEST_F(RecoverBackups, ABackupOnADiskThatIsNotMountedIsSettledWhenItIs) {
  killed_run("one", RunKind::backup, {backups_.location("one")}, [&] {
    Manifest manifest;
    manifest.id = "one";
    backups_.begin("one")->commit(manifest);
  });
  std::filesystem::rename(dir_ / "backups", dir_ / "away");
  recover_backups(store_, clock_);
  ASSERT_EQ(journal_.running().size(), 1U);
  std::filesystem::rename(dir_ / "away", dir_ / "backups");
  recover_backups(store_, clock_);
  EXPECT_TRUE(journal_.running().empty());
  EXPECT_EQ(last()->state, RunState::done);
}

TEST_F(RecoverBackups, LeavesEndedRunsAsTheyAre) {
  JobRun run;
  run.id = "one";
  run.job = "shop";
  run.owned = {dir_ / "kept"};
  make_owned_folder(dir_ / "kept", "one");
  journal_.record(run, clock_, [](JobRun&) {});
  recover_backups(store_, clock_);
  EXPECT_EQ(last()->state, RunState::done);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "kept"));
}

}  // namespace
}  // namespace pgvigil
