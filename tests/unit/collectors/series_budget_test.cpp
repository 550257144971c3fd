#include "collectors/series_budget.h"

#include <gtest/gtest.h>

#include "collectors/task_runner.h"
#include "core/error.h"
#include "tests/support/fake_clock.h"

namespace pgvigil {
namespace {

TEST(SeriesBudgets, LeaveEverybodyWholeWhileThereIsEnough) {
  SeriesBudget budget(1000);
  EXPECT_EQ(budget.allow("tables", 900), 900U);
  EXPECT_EQ(budget.allow("activity", 100), 100U);
  EXPECT_EQ(budget.allow("tables", 900), 900U);
}

TEST(SeriesBudgets, CutTheLargestAllToTheSameSize) {
  SeriesBudget budget(1000);
  budget.allow("activity", 100);
  budget.allow("tables", 5000);
  budget.allow("indexes", 700);
  EXPECT_EQ(budget.allow("activity", 100), 100U);
  EXPECT_EQ(budget.allow("tables", 5000), 450U);
  EXPECT_EQ(budget.allow("indexes", 700), 450U);
}

TEST(SeriesBudgets, DoNotDependOnWhoAsksFirst) {
  const std::map<std::string, std::size_t> wanted{{"a", 10}, {"b", 600}, {"c", 400}, {"d", 900}};
  SeriesBudget forwards(1000);
  SeriesBudget backwards(1000);
  for (auto entry = wanted.begin(); entry != wanted.end(); ++entry) forwards.allow(entry->first, entry->second);
  for (auto entry = wanted.rbegin(); entry != wanted.rend(); ++entry) backwards.allow(entry->first, entry->second);
  std::size_t all = 0;
  for (const auto& [task, series] : wanted) {
    EXPECT_EQ(forwards.allow(task, series), backwards.allow(task, series)) << task;
    all += forwards.allow(task, series);
  }
  EXPECT_LE(all, 1000U);
  EXPECT_GT(all, 1000U - wanted.size()) << "what is there is given away";
}

TEST(SeriesBudgets, GiveBackWhatIsNoLongerWanted) {
  SeriesBudget budget(1000);
  budget.allow("tables", 800);
  EXPECT_EQ(budget.allow("indexes", 800), 500U);
  budget.allow("tables", 100);
  EXPECT_EQ(budget.allow("indexes", 800), 800U);
}

TEST(SeriesBudgets, GiveEverybodyTheirShareWhenTheyAskAgainWhoeverWasFirst) {
  SeriesBudget budget(1000);
  EXPECT_EQ(budget.allow("first", 900), 900U) << "nobody else is known";
  EXPECT_EQ(budget.allow("second", 900), 500U);
  EXPECT_EQ(budget.allow("first", 900), 500U);
  EXPECT_EQ(budget.allow("second", 900), 500U);
  budget.allow("first", 0);
  EXPECT_EQ(budget.allow("second", 900), 900U) << "what is skipped wants nothing";
}

// Reports many tables.
class ManyTables final : public Task {
 public:
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext&) override {
    Family family{"size_bytes", "", MetricType::gauge, {"relname"}, {}};
    for (int i = 0; i < 100; ++i) family.samples.push_back({{"t" + std::to_string(i)}, 1});
    return {family};
  }

 private:
  TaskInfo info_{"tables", TaskKind::collector, Interval{seconds(1)}, seconds(1)};
};

class LastReport final : public TaskObserver {
 public:
  void run_started(const TaskInfo&) override {}
  void run_ended(const TaskInfo&, const RunReport& report) override { last = report; }
  void runs_missed(const TaskInfo&, std::int64_t) override {}
  RunReport last;
};

TEST(SeriesBudgets, CutWhatATaskReportsAndSaySo) {
  FakeClock clock;
  ConnectionPool pool({}, 1, clock);
  LastReport observer;
  SnapshotPtr published;
  SeriesBudget budget(40);
  ManyTables task;
  TaskRunner(task, {pool, clock, observer, [&](SnapshotPtr s) { published = std::move(s); }, nullptr, &budget}).run({});
  EXPECT_EQ(observer.last.series, 40U);
  EXPECT_EQ(observer.last.dropped_series, 60U);
  ASSERT_TRUE(published);
  EXPECT_EQ(published->families.front().samples.size(), 40U);
  EXPECT_FALSE(published->complete);
}

}  // namespace
}  // namespace pgvigil
