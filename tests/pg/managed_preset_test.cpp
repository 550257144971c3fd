// The preset for managed services, which keep files and processes of the server to themselves.

#include <gtest/gtest.h>

#include <map>

#include "collectors/collectors.h"
#include "collectors/task_runner.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class ManagedServers : public testing::TestWithParam<int>, protected TaskObserver {
 protected:
  ManagedServers() {
    cluster_.execute("CREATE ROLE monitor LOGIN IN ROLE pg_monitor");
    cluster_.execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
    // Whatever looks at files of the server.
    cluster_.execute(
        "DO $$ DECLARE f regprocedure; BEGIN"
        " FOR f IN SELECT oid FROM pg_proc WHERE proname ~ "
        "'^pg_(ls_|read_|stat_file|hba_|ident_|show_all_file|current_logfile)'"
        " LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, pg_monitor, pg_read_server_files', f); END "
        "LOOP;"
        " END $$");
  }

  void run_ended(const TaskInfo& task, const RunReport& report) override { reports_[task.name] = report; }
  void run_started(const TaskInfo&) override {}
  void runs_missed(const TaskInfo&, std::int64_t) override {}

  // One run of everything that the preset has on.
  void run(const std::string& preset) {
    CollectorOptions options;
    options.preset = preset;
    PgOptions target;
    target.conninfo = cluster_.conninfo("postgres", "monitor");
    ConnectionPool pool(target, 2, clock_);
    for (const TaskPtr& task : make_collectors(options, target, store_, clock_)) {
      TaskRunner(*task, {pool, clock_, *this, [](const SnapshotPtr&) {}}).run({});
    }
  }

  PgCluster cluster_{GetParam()};
  TempDir folder_;
  LocalStore store_{folder_ / "pgvigil.db"};
  SystemClock clock_;
  std::map<std::string, RunReport> reports_;
};

INSTANTIATE_TEST_SUITE_P(Versions, ManagedServers, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(ManagedServers, AreWatchedWithoutAFailure) {
  run("managed");
  EXPECT_EQ(reports_.at("user_tables").outcome, Outcome::success);
  EXPECT_EQ(reports_.at("activity").outcome, Outcome::success);
  EXPECT_FALSE(reports_.contains("wal_directory"));
  for (const auto& [task, report] : reports_) {
    EXPECT_NE(report.outcome, Outcome::failed) << task << ": " << report.reason;
  }
}

TEST_P(ManagedServers, AreToldApartByWhatTheStandardPresetSkipsThere) {
  run("standard");
  EXPECT_EQ(reports_.at("wal_directory").outcome, Outcome::skipped) << reports_.at("wal_directory").reason;
  for (const auto& [task, report] : reports_) {
    EXPECT_NE(report.outcome, Outcome::failed) << task << ": " << report.reason;
  }
}

}  // namespace
}  // namespace pgvigil
