#include "exporter/task_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;

// The reasons that pgvigil_task_skipped tells.
std::vector<std::string> reasons(const std::string& said) {
  TaskBoard board;
  RunReport report;
  report.outcome = Outcome::skipped;
  report.reason = said;
  board.run_ended({"locks", TaskKind::collector, Interval{seconds(10)}}, report);
  std::vector<std::string> result;
  for (const Family& family : task_families(board.lines(), false)) {
    if (family.name != "pgvigil_task_skipped") continue;
    for (const SeriesView series : family.samples) result.push_back(series.label_values[1]);
  }
  return result;
}

TEST(TaskMetrics, SayWhyATaskWasSkipped) {
  EXPECT_THAT(reasons("only on a standby"), ElementsAre("only on a standby"));
}

TEST(TaskMetrics, HaveTheSameSeriesForEveryPause) {
  EXPECT_THAT(reasons("paused: upgrade, by ada from 192.0.2.7"), ElementsAre("paused"));
  EXPECT_THAT(reasons("paused: no reason given"), ElementsAre("paused"));
}

}  // namespace
}  // namespace pgvigil
