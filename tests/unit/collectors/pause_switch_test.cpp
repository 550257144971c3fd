#include "collectors/pause_switch.h"

#include <gtest/gtest.h>

#include "collectors/task_runner.h"
#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

// Counts its runs.
class CountingTask final : public Task {
 public:
  explicit CountingTask(bool vital) : info_{"count", TaskKind::collector, Interval{seconds(1)}, seconds(1), vital} {}
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext&) override {
    ++runs;
    return {};
  }
  int runs = 0;

 private:
  TaskInfo info_;
};

class LastRun final : public TaskObserver {
 public:
  void run_started(const TaskInfo&) override {}
  void run_ended(const TaskInfo&, const RunReport& report) override { last = report; }
  void runs_missed(const TaskInfo&, std::int64_t) override {}
  RunReport last;
};

class Pausing : public testing::Test {
 protected:
  RunReport run(CountingTask& task) {
    LastRun observer;
    TaskRunner(task, {pool_, clock_, observer, [](const SnapshotPtr&) {}, &pause_}).run({});
    return observer.last;
  }

  TempDir folder_;
  PauseSwitch pause_{folder_.path()};
  SystemClock clock_;
  ConnectionPool pool_{{}, 1, clock_};
};

TEST_F(Pausing, SkipsCollectorsAndSaysWhoWantedIt) {
  CountingTask task(false);
  pause_.pause("upgrade,\nask Ada");
  EXPECT_EQ(PauseSwitch(folder_.path()).reason(), "upgrade, ask Ada");
  const RunReport report = run(task);
  EXPECT_EQ(task.runs, 0);
  EXPECT_EQ(report.outcome, Outcome::skipped);
  EXPECT_EQ(report.reason, "paused: upgrade, ask Ada");
  pause_.resume();
  EXPECT_EQ(run(task).outcome, Outcome::success);
  EXPECT_EQ(task.runs, 1);
}

TEST_F(Pausing, LeavesAloneWhatCostsTheServerNothing) {
  CountingTask probe(true);
  pause_.pause("");
  EXPECT_EQ(run(probe).outcome, Outcome::success);
  EXPECT_EQ(probe.runs, 1);
}

TEST_F(Pausing, CanBeDoneByHandAndEndedTwice) {
  folder_.write("paused", "");
  EXPECT_TRUE(pause_.paused());
  EXPECT_EQ(pause_.reason(), "no reason given");
  pause_.resume();
  pause_.resume();
  EXPECT_FALSE(pause_.paused());
}

}  // namespace
}  // namespace pgvigil
