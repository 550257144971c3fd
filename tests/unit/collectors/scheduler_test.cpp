#include "collectors/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/process.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

// A task that does what a test tells it.
class ScriptedTask final : public Task {
 public:
  using Work = std::function<std::vector<Family>(RunContext&)>;
  ScriptedTask(std::string name, TaskKind kind, milliseconds period, Work work)
      : ScriptedTask({std::move(name), kind, Interval{period}, 5s}, std::move(work)) {}
  ScriptedTask(TaskInfo info, Work work) : info_(std::move(info)), work_(std::move(work)) {}
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override { return work_(context); }

 private:
  TaskInfo info_;
  Work work_;
};

class Recorder final : public TaskObserver {
 public:
  void run_started(const TaskInfo&) override { ++started; }
  void run_ended(const TaskInfo& task, const RunReport& report) override {
    const std::lock_guard lock(mutex_);
    reports_[task.name].push_back(report);
  }
  void runs_missed(const TaskInfo&, std::int64_t count) override { missed += count; }

  std::vector<RunReport> reports(const std::string& task) const {
    const std::lock_guard lock(mutex_);
    const auto found = reports_.find(task);
    return found == reports_.end() ? std::vector<RunReport>() : found->second;
  }
  std::atomic<int> started = 0;
  std::atomic<std::int64_t> missed = 0;

 private:
  mutable std::mutex mutex_;  // guards reports_
  std::map<std::string, std::vector<RunReport>> reports_;
};

class Schedulers : public testing::Test {
 protected:
  std::unique_ptr<Scheduler> start(std::vector<TaskPtr> tasks) {
    const auto publish = [this](const SnapshotPtr& snapshot) { store_.publish(snapshot); };
    return std::make_unique<Scheduler>(std::move(tasks), RunSurroundings{pool_, clock_, recorder_, publish});
  }
  static TaskPtr task(std::string name, ScriptedTask::Work work, TaskKind kind = TaskKind::collector) {
    return std::make_unique<ScriptedTask>(std::move(name), kind, 1s, std::move(work));
  }
  static std::vector<Family> one_sample(double value) {
    return {{"metric", "help", MetricType::gauge, {}, {{{}, value}}}};
  }

  SystemClock clock_;
  ConnectionPool pool_{PgOptions{}, 1, clock_};
  SnapshotStore store_;
  Recorder recorder_;
};

TEST_F(Schedulers, PublishWhatATaskReturns) {
  std::vector<TaskPtr> tasks;
  tasks.push_back(task("answer", [](RunContext&) { return one_sample(42); }));
  const auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return store_.find("answer") != nullptr; }));
  EXPECT_EQ(store_.find("answer")->families.at(0).samples.front().value, 42);
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.reports("answer").size() >= 2; }));
  EXPECT_GE(store_.find("answer")->run, 2U);
}

TEST_F(Schedulers, KeepTheOldDataWhenATaskFailsAndSayWhy) {
  std::vector<TaskPtr> tasks;
  tasks.push_back(task("flaky", [runs = 0](RunContext&) mutable {
    if (++runs > 1) throw Error(Error::Kind::unavailable, "no more");
    return one_sample(1);
  }));
  const auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.reports("flaky").size() >= 2; }));
  EXPECT_EQ(store_.find("flaky")->run, 1U);
  EXPECT_EQ(recorder_.reports("flaky")[1].outcome, Outcome::failed);
  EXPECT_EQ(recorder_.reports("flaky")[1].reason, "no more");
}

TEST_F(Schedulers, CountATaskThatDoesNotApplyAsSkipped) {
  std::vector<TaskPtr> tasks;
  tasks.push_back(task("elsewhere", [](RunContext& context) {
    context.skipped = "only on a standby";
    return std::vector<Family>{};
  }));
  const auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return !recorder_.reports("elsewhere").empty(); }));
  EXPECT_EQ(recorder_.reports("elsewhere")[0].outcome, Outcome::skipped);
  EXPECT_EQ(recorder_.reports("elsewhere")[0].reason, "only on a standby");
}

TEST_F(Schedulers, NeverRunATaskTwiceAtATimeAndCountWhatItMissed) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  Bell never;
  std::vector<TaskPtr> tasks;
  tasks.push_back(task("slow", [&](RunContext& context) {
    most = std::max(most.load(), ++running);
    never.wait_for(60s, context.stop);
    --running;
    return std::vector<Family>{};
  }));
  const auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.missed >= 2; }));
  EXPECT_EQ(most, 1);
}

TEST_F(Schedulers, LetJobsDelayNoCollector) {
  Bell never;
  std::vector<TaskPtr> tasks;
  for (const char* name : {"job1", "job2", "job3"}) {
    tasks.push_back(task(
        name,
        [&](RunContext& context) {
          never.wait_for(60s, context.stop);
          return std::vector<Family>{};
        },
        TaskKind::job));
  }
  tasks.push_back(task("quick", [](RunContext&) { return one_sample(1); }));
  const auto scheduler = start(std::move(tasks));
  EXPECT_TRUE(eventually(20s, [&] { return recorder_.reports("quick").size() >= 2 && recorder_.started >= 5; }));
}

TEST_F(Schedulers, LetCollectorsThatTakeLongDelayNoQuickOne) {
  Bell never;
  std::vector<TaskPtr> tasks;
  for (const char* name : {"walk", "slow1", "slow2"}) {
    tasks.push_back(std::make_unique<ScriptedTask>(TaskInfo{name, TaskKind::collector, Interval{1s}, 100s},
                                                   [&](RunContext& context) {
                                                     never.wait_for(600s, context.stop);
                                                     return std::vector<Family>{};
                                                   }));
  }
  tasks.push_back(task("quick", [](RunContext&) { return one_sample(1); }));
  const auto scheduler = start(std::move(tasks));
  EXPECT_TRUE(eventually(20s, [&] { return recorder_.reports("quick").size() >= 2; }));
}

TEST_F(Schedulers, LetNothingDelayWhatIsVital) {
  Bell never;
  std::vector<TaskPtr> tasks;
  for (const char* name : {"stuck1", "stuck2", "stuck3"}) {
    tasks.push_back(task(name, [&](RunContext& context) {
      never.wait_for(600s, context.stop);
      return std::vector<Family>{};
    }));
  }
  tasks.push_back(std::make_unique<ScriptedTask>(TaskInfo{"probe", TaskKind::collector, Interval{1s}, 5s, true},
                                                 [](RunContext&) { return one_sample(1); }));
  const auto scheduler = start(std::move(tasks));
  EXPECT_TRUE(eventually(20s, [&] { return recorder_.reports("probe").size() >= 2; }));
}

TEST_F(Schedulers, RunWhatTakesLongOneAfterTheOther) {
  std::vector<TaskPtr> tasks;
  for (const char* name : {"walk", "slow"}) {
    tasks.push_back(std::make_unique<ScriptedTask>(TaskInfo{name, TaskKind::collector, Interval{1s}, 100s},
                                                   [](RunContext&) { return one_sample(1); }));
  }
  const auto scheduler = start(std::move(tasks));
  EXPECT_TRUE(
      eventually(20s, [&] { return recorder_.reports("walk").size() >= 2 && recorder_.reports("slow").size() >= 2; }));
}

TEST(TasksThatTakeLong, AreThoseThatMayAndThoseThatDid) {
  FakeClock clock;
  ConnectionPool pool({}, 1, clock);
  Recorder recorder;
  milliseconds lasts = 0ms;
  const auto work = [&](RunContext&) {
    clock.advance(lasts);
    return std::vector<Family>{};
  };
  const RunSurroundings around{pool, clock, recorder, [](const SnapshotPtr&) {}};
  ScriptedTask usual({"usual", TaskKind::collector, Interval{10s}, 7s}, work);
  TaskRunner runner(usual, around);
  EXPECT_FALSE(runner.takes_long());
  lasts = 3s;
  runner.run({});
  EXPECT_TRUE(runner.takes_long());
  lasts = 20ms;
  runner.run({});
  EXPECT_FALSE(runner.takes_long());
  ScriptedTask patient({"patient", TaskKind::collector, Interval{10s}, 105s}, work);
  EXPECT_TRUE(TaskRunner(patient, around).takes_long());
}

TEST_F(Schedulers, StartNoJobWhileTheyAreHeld) {
  std::atomic<int> runs = 0;
  std::vector<TaskPtr> tasks;
  tasks.push_back(task(
      "job",
      [&](RunContext&) {
        ++runs;
        return std::vector<Family>{};
      },
      TaskKind::job));
  const auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.reports("job").size() >= 1; }));
  scheduler->hold_jobs();
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.missed >= 2; }));
  EXPECT_LE(runs, 2);  // one may have started just before
}

TEST_F(Schedulers, AskRunsToStopAndWaitForThem) {
  std::atomic<bool> ended = false;
  Bell never;
  std::vector<TaskPtr> tasks;
  tasks.push_back(task(
      "job",
      [&](RunContext& context) {
        never.wait_for(600s, context.stop);
        ended = context.stop.stop_requested();
        return std::vector<Family>{};
      },
      TaskKind::job));
  auto scheduler = start(std::move(tasks));
  ASSERT_TRUE(eventually(20s, [&] { return recorder_.started >= 1; }));
  scheduler.reset();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace pgvigil
