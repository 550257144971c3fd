// The bad ends of a backup: whatever happens, nothing that is not a backup looks like one, and what was left over goes.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include "collectors/backup/owned_folder.h"
#include "tests/support/backup_lab.h"

namespace pgvigil {
namespace {

constexpr seconds patience{60};

// Bytes that a process has written so far.
std::int64_t bytes_written(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/io");
  std::string name;
  std::int64_t value = 0;
  while (file >> name >> value) {
    if (name == "wchar:") return value;
  }
  return 0;
}

class BackupFault : public testing::Test {
 protected:
  BackupFault() {
    lab_.make_shop();
    job_ = lab_.job();
  }

  // A level at which compression is so slow that the dump of `bulk` waits for it: there is a middle to be hit.
  void make_slow() {
    lab_.make_bulk(100);
    job_.compression_level = 12;
  }

  // What only this test's pg_dump has in its environment.
  std::string marker() { return "PGHOST=" + lab_.cluster().socket_folder().string(); }

  // This test's pg_dump when it is in the middle of its work, otherwise 0.
  pid_t busy_dump() {
    for (const pid_t pid : BackupLab::processes("pg_dump", marker())) {
      if (bytes_written(pid) > 4'000'000) return pid;
    }
    return 0;
  }

  pid_t dump_in_the_middle() {
    pid_t found = 0;
    eventually(patience, [&] { return (found = busy_dump()) != 0; });
    return found;
  }

  void expect_no_backup(RunState state) {
    EXPECT_TRUE(lab_.backups().empty());
    EXPECT_EQ(BackupLab::listing(lab_.folder("backups/shop")), std::vector<std::string>{});
    ASSERT_TRUE(lab_.last(RunKind::backup));
    EXPECT_EQ(lab_.last(RunKind::backup)->state, state);
    EXPECT_TRUE(BackupLab::processes("pg_dump", marker()).empty());
    const std::map<std::string, double> metrics = lab_.metrics(job_);
    EXPECT_EQ(metrics.at("pgvigil_backup_last_run_success"), 0);
    EXPECT_EQ(metrics.at("pgvigil_backup_last_success_timestamp_seconds"), 0);
    EXPECT_EQ(metrics.at("pgvigil_backup_in_progress"), 0);
  }

  BackupLab lab_;
  BackupOptions job_;
};

TEST_F(BackupFault, ADatabaseThatIsNotThereFailsAtOnce) {
  job_.database = "nowhere";
  EXPECT_NE(lab_.run(job_, "backup/shop").find("database \"nowhere\" does not exist"), std::string::npos);
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, ATableThatThePgDumpMayNotReadFailsIt) {
  lab_.cluster().execute("CREATE ROLE reader LOGIN");
  job_.conninfo = lab_.cluster().conninfo("postgres", "reader");
  EXPECT_NE(lab_.run(job_, "backup/shop").find("permission denied"), std::string::npos);
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, AKilledPgDumpLeavesNoBackup) {
  make_slow();
  std::string failure;
  std::jthread backup([&] { failure = lab_.run(job_, "backup/shop"); });
  const pid_t pid = dump_in_the_middle();
  ASSERT_NE(pid, 0);
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_backup_in_progress"), 1);
  EXPECT_TRUE(lab_.backups().empty());
  ::kill(pid, SIGKILL);
  backup.join();
  EXPECT_NE(failure.find("pg_dump: killed by signal 9"), std::string::npos) << failure;
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, AServerThatStopsInTheMiddleLeavesNoBackup) {
  make_slow();
  std::string failure;
  std::jthread backup([&] { failure = lab_.run(job_, "backup/shop"); });
  ASSERT_NE(dump_in_the_middle(), 0);
  lab_.cluster().stop(PgCluster::Stop::immediate);
  backup.join();
  EXPECT_NE(failure.find("pg_dump: exit code 1"), std::string::npos) << failure;
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, AnAgentThatIsAskedToStopLeavesNoBackup) {
  make_slow();
  std::stop_source stop;
  std::string failure;
  std::jthread backup([&] { failure = lab_.run(job_, "backup/shop", stop.get_token()); });
  ASSERT_NE(dump_in_the_middle(), 0);
  stop.request_stop();
  backup.join();
  EXPECT_NE(failure, "");
  expect_no_backup(RunState::interrupted);
}

TEST_F(BackupFault, ARunThatIsNotDoneInTimeIsEnded) {
  make_slow();
  job_.timeout = seconds(1);
  EXPECT_NE(lab_.run(job_, "backup/shop").find("deadline"), std::string::npos);
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, AnOlderBackupSurvivesAFailure) {
  ASSERT_EQ(lab_.run(job_, "backup/shop"), "");
  const std::vector<std::string> before = BackupLab::listing(lab_.folder("backups"));
  BackupOptions broken = job_;
  broken.database = "nowhere";
  ASSERT_NE(lab_.run(broken, "backup/shop"), "");
  EXPECT_EQ(BackupLab::listing(lab_.folder("backups")), before);
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_backup_last_run_success"), 0);
  EXPECT_GT(lab_.metrics(job_).at("pgvigil_backup_last_success_timestamp_seconds"), 0);
}

// A file system of its own, small enough to be filled.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=8m") == 0;
    if (!mounted_) reason_ = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  const std::string& reason() const { return reason_; }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
  std::string reason_;
};

TEST_F(BackupFault, AFullDiskLeavesNoBackup) {
  const SmallDisk disk(lab_.folder("backups"));
  if (!disk.mounted()) GTEST_SKIP() << "a tmpfs cannot be mounted: " << disk.reason();
  lab_.make_bulk(60);
  job_.compression_level = 1;
  EXPECT_NE(lab_.run(job_, "backup/shop").find("No space left on device"), std::string::npos);
  expect_no_backup(RunState::failed);
}

TEST_F(BackupFault, AStoreThatCannotBeUsedFailsTheRunAndIsReported) {
  std::filesystem::create_directories(lab_.folder("backups"));
  std::ofstream(lab_.folder("backups/shop")) << "no folder";
  EXPECT_NE(lab_.run(job_, "backup/shop").find("Not a directory"), std::string::npos);
  ASSERT_TRUE(lab_.last(RunKind::backup));
  EXPECT_EQ(lab_.last(RunKind::backup)->state, RunState::failed);
  const std::map<std::string, double> metrics = lab_.metrics(job_);
  EXPECT_EQ(metrics.at("pgvigil_backup_last_run_success"), 0);
  EXPECT_EQ(metrics.at("pgvigil_backup_store_up"), 0);
}

TEST_F(BackupFault, WhatCannotBeRemovedAtOneStartIsRemovedAtTheNext) {
  JobRun run;
  run.id = "one";
  run.job = "shop";
  run.owned = {lab_.store_folder().location("one")};
  struct Killed {};
  try {
    RunJournal(lab_.store()).record(run, lab_.clock(), [](JobRun&) { throw Killed(); });
  } catch (const Killed&) {
  }
  make_owned_folder(run.owned.front(), run.id);
  {
    const SmallDisk busy(lab_.folder("backups/shop/one/busy"));
    if (!busy.mounted()) GTEST_SKIP() << "a tmpfs cannot be mounted: " << busy.reason();
    EXPECT_NO_THROW(recover_backups(lab_.store(), lab_.clock()));
    EXPECT_EQ(RunJournal(lab_.store()).running().size(), 1U);
    EXPECT_TRUE(owns_folder(run.owned.front(), run.id));
  }
  recover_backups(lab_.store(), lab_.clock());
  expect_no_backup(RunState::interrupted);
}

// Runs a task in a process of its own and kills that with SIGKILL as soon as `ready` says so.
template <typename Ready>
bool kill_agent_in(BackupLab& lab, const BackupOptions& job, const std::string& task, Ready ready) {
  lab.close_store();
  const pid_t agent = ::fork();
  if (agent == 0) {
    lab.open_store();
    lab.run(job, task);
    ::_exit(0);
  }
  const bool reached = eventually(patience, ready);
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  lab.open_store();
  return reached;
}

TEST_F(BackupFault, AKilledAgentLeavesNoBackupNoProcessAndAfterRecoveryNoFile) {
  make_slow();
  ASSERT_TRUE(kill_agent_in(lab_, job_, "backup/shop", [&] { return busy_dump() != 0; }));
  EXPECT_TRUE(eventually(patience, [&] { return BackupLab::processes("pg_dump", marker()).empty(); }));
  EXPECT_TRUE(lab_.backups().empty());
  const std::filesystem::path foreign = lab_.folder("backups/shop/20260101T000000Z-deadbeef/shop.dump.zst.partial");
  std::filesystem::create_directories(foreign.parent_path());
  std::ofstream(foreign) << "of another agent";

  recover_backups(lab_.store(), lab_.clock());
  EXPECT_EQ(slurp(foreign), "of another agent");
  std::filesystem::remove_all(foreign.parent_path());
  expect_no_backup(RunState::interrupted);
  EXPECT_EQ(lab_.run(lab_.job(), "backup/shop"), "");
}

TEST_F(BackupFault, AKilledAgentsDrillServerEndsAndItsFoldersGo) {
  make_slow();
  job_.compression_level = 3;
  ASSERT_EQ(lab_.run(job_, "backup/shop"), "");
  job_.verify->queries = {{"SELECT pg_sleep(600) IS NULL", {}}};
  const auto servers = [&] { return BackupLab::processes("postgres", lab_.folder("state/drills").string()); };
  ASSERT_TRUE(kill_agent_in(lab_, job_, "drill/shop", [&] { return !servers().empty(); }));

  recover_backups(lab_.store(), lab_.clock());
  // initdb's own short-lived server may be the last to notice.
  EXPECT_TRUE(eventually(patience, [&] { return servers().empty(); }));
  EXPECT_EQ(BackupLab::listing(lab_.folder("state/drills")), std::vector<std::string>{});
  const auto last = lab_.last(RunKind::drill);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, RunState::interrupted);
  for (const std::string& folder : last->owned) EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
  EXPECT_EQ(lab_.metrics(job_).at("pgvigil_restore_test_last_run_success"), 0);
  EXPECT_EQ(lab_.backups().size(), 1U);
}

}  // namespace
}  // namespace pgvigil
