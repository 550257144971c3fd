#include "alerts/history.h"

#include <gtest/gtest.h>

#include <limits>

#include "alerts/history_store.h"
#include "alerts/promql/evaluate.h"
#include "alerts/rule_samples.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

promql::Expression expression(std::string_view text) {
  auto parsed = promql::Expression::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) ADD_FAILURE() << text << ": " << error->what;
  return std::get<promql::Expression>(std::move(parsed));
}

// A rule's expression, the source of its one metric m{d}, and time.
class World {
 public:
  explicit World(std::string_view text, std::size_t limit = History::default_series_limit)
      : expression_(expression(text)), limit_(limit) {
    restart();
  }

  // A new process: the history begins anew, the clocks go on.
  void restart() {
    snapshots_.clear();
    history_ = std::make_unique<History>(std::vector{expression_}, clock_.steady_now(), clock_.wall_now(), limit_);
  }

  World& report(const std::vector<Series>& series) {
    snapshots_ = {make_snapshot("t", ++run_, clock_.steady_now(), "m", {"d"}, series)};
    history_->observe(snapshots_, clock_.steady_now());
    return *this;
  }

  // `value` of the only series every 10 seconds.
  World& report_for(milliseconds duration, double value, double step = 0) {
    for (milliseconds passed{0}; passed < duration; passed += 10s, value += step) {
      report({{{"a"}, value}});
      clock_.advance(10s);
    }
    return *this;
  }

  promql::Vector evaluate() {
    const RuleSamples samples(snapshots_, history_.get(), clock_.steady_now(), history_->axis(clock_.steady_now()));
    const promql::Moment moment{history_->axis(clock_.steady_now()), 0};
    return std::get<promql::Vector>(promql::evaluate(expression_.root(), samples, moment, workspace_));
  }
  // Of the only element; nothing when it is not known.
  std::optional<double> value() {
    const promql::Vector vector = evaluate();
    if (vector.elements.size() != 1 || vector.elements[0].certainty != promql::Certainty::known) return std::nullopt;
    return vector.elements[0].value;
  }
  const History::Track& track() const { return *history_->find(expression_.needs().at(0).key); }

  promql::Expression expression_;
  std::size_t limit_;
  FakeClock clock_;
  std::unique_ptr<History> history_;
  std::vector<SnapshotPtr> snapshots_;
  std::uint64_t run_ = 0;
  promql::Workspace workspace_;
};

TEST(History, AWindowIsKnownWhenHalfOfItIsFilled) {
  World world("increase(m[5m])");
  world.report_for(140s, 0, 1);
  EXPECT_EQ(world.value(), std::nullopt);
  world.report_for(20s, 14, 1);
  ASSERT_TRUE(world.value().has_value());
  EXPECT_GT(*world.value(), 14);
}

TEST(History, AGapIsNotFilled) {
  World world("count_over_time(m[5m])");
  world.report_for(300s, 1);
  world.clock_.advance(120s);
  world.report_for(60s, 1);
  EXPECT_EQ(world.value(), 18);
  world.clock_.advance(400s);
  world.report_for(10s, 1);
  EXPECT_EQ(world.value(), std::nullopt) << "most of the window is a gap";
}

TEST(History, AValueThatIsNotKnownIsAGap) {
  World world("count_over_time(m[1m])");
  world.report_for(60s, 1);
  world.report({{{"a"}, std::numeric_limits<double>::quiet_NaN()}});
  world.clock_.advance(1s);
  EXPECT_EQ(world.value(), 5);
}

TEST(History, ASeriesThatIsNoLongerReportedEnds) {
  World world("m offset 20s");
  world.report_for(60s, 7);
  EXPECT_EQ(world.value(), 7);
  world.report({});
  world.clock_.advance(30s);
  const promql::Vector vector = world.evaluate();
  EXPECT_TRUE(vector.elements.empty());
  EXPECT_TRUE(vector.complete);
}

TEST(History, WhatNobodyLookedAtIsNotKnown) {
  World world("m offset 10m");
  world.report_for(60s, 7);
  const promql::Vector vector = world.evaluate();
  EXPECT_TRUE(vector.elements.empty());
  EXPECT_FALSE(vector.complete);
}

TEST(History, LongWindowsKeepTheLastSampleOfEachMinute) {
  World world("max_over_time(m[1h])");
  world.report_for(3600s, 0, 1);
  EXPECT_LE(world.track().series.at(0).samples.size(), 61U);
  EXPECT_EQ(world.value(), 359);
}

TEST(History, ForgetsWhatNoWindowReaches) {
  World world("max_over_time(m[5m])");
  for (int i = 0; i < 100; ++i) world.report_for(60s, 1);
  EXPECT_LE(world.track().series.at(0).samples.size(), 60U);
  world.clock_.advance(1h);
  world.report({});
  world.clock_.advance(1h);
  world.report({});
  EXPECT_EQ(world.history_->series(), 0U);
}

TEST(History, KeepsOnlyTheSeriesThatRulesAskFor) {
  World world("rate(m{d=~'a.*'}[5m])");
  world.report({{{"a1"}, 1}, {{"b1"}, 1}, {{"a2"}, 1}});
  EXPECT_EQ(world.history_->series(), 2U);
}

TEST(History, KeepsNoMoreSeriesThanItMayAndCountsTheRest) {
  World world("rate(m[5m])", 3);
  world.report({{{"a"}, 1}, {{"b"}, 1}, {{"c"}, 1}, {{"d"}, 1}, {{"e"}, 1}});
  EXPECT_EQ(world.history_->series(), 3U);
  EXPECT_EQ(world.history_->left_out(), 2U);
}

TEST(History, WindowsStayAsLongAsTheyWereWhenTheClockIsSet) {
  for (const seconds jump : {24h, -24h}) {
    World world("increase(m[5m])");
    world.report_for(300s, 0, 1);
    const auto before = world.value();
    world.clock_.set_wall(world.clock_.wall_now() + jump);
    EXPECT_EQ(world.value(), before);
    world.report_for(100s, 30, 1);
    ASSERT_TRUE(world.value().has_value());
    EXPECT_NEAR(*world.value(), *before, 1.5);
  }
}

TEST(History, SaysWhichMetricsNobodyHasEverReported) {
  World world("m / nobody_has_this");
  world.report({});
  EXPECT_EQ(world.history_->never_seen(), std::set<std::string>{"nobody_has_this"});
}

TEST(History, AReloadTakesTheSamplesAlong) {
  World world("increase(m[5m])");
  world.report_for(300s, 0, 1);
  const auto before = world.value();
  History next({world.expression_}, world.clock_.steady_now(), world.clock_.wall_now() + 1h);
  next.adopt(*world.history_);
  EXPECT_EQ(next.axis(world.clock_.steady_now()), world.history_->axis(world.clock_.steady_now()));
  next.observe(world.snapshots_, world.clock_.steady_now());
  *world.history_->tracks().begin()->second.series.begin() = {};
  const RuleSamples samples(world.snapshots_, &next, world.clock_.steady_now(), next.axis(world.clock_.steady_now()));
  const promql::Moment moment{next.axis(world.clock_.steady_now()), 0};
  const auto vector =
      std::get<promql::Vector>(promql::evaluate(world.expression_.root(), samples, moment, world.workspace_));
  ASSERT_EQ(vector.elements.size(), 1U);
  EXPECT_EQ(vector.elements[0].value, before);
}

class HistoryStoreTest : public testing::Test {
 protected:
  void write(World& world) { store_.write(*world.history_, world.clock_.steady_now(), world.clock_.wall_now()); }
  void restart(World& world) {
    world.restart();
    store_.load(*world.history_, world.clock_.steady_now(), world.clock_.wall_now());
  }
  std::int64_t rows() {
    std::int64_t result = 0;
    database_.read([&](LocalStore::Transaction& transaction) {
      auto query = transaction.prepare("SELECT count(*) FROM history");
      query.step();
      result = query.integer(0);
    });
    return result;
  }

  TempDir folder_;
  LocalStore database_{folder_ / "state.db"};
  HistoryStore store_{database_};
};

TEST_F(HistoryStoreTest, LongWindowsSurviveARestart) {
  World world("increase(m[1h])");
  world.report_for(3000s, 0, 1);
  const auto before = world.value();
  ASSERT_TRUE(before.has_value());
  write(world);
  restart(world);
  world.clock_.advance(30s);
  world.report({{{"a"}, 303}});
  ASSERT_TRUE(world.value().has_value());
  EXPECT_NEAR(*world.value(), *before, 10);
}

TEST_F(HistoryStoreTest, TheTimeInWhichNobodyLookedIsAGap) {
  World world("count_over_time(m[1h])");
  world.report_for(3600s, 0, 1);
  write(world);
  world.clock_.advance(40min);
  restart(world);
  world.report({{{"a"}, 1}});
  EXPECT_EQ(world.value(), std::nullopt);
}

TEST_F(HistoryStoreTest, SamplesFromBeforeTheClockWasSetBackAreDropped) {
  World world("max_over_time(m[1h])");
  world.report_for(3600s, 5);
  write(world);
  world.clock_.set_wall(world.clock_.wall_now() - 24h);
  restart(world);
  world.report({{{"a"}, 1}});
  EXPECT_EQ(world.track().series.at(0).samples.size(), 1U);
}

TEST_F(HistoryStoreTest, ShortWindowsAreNotWritten) {
  World world("increase(m[5m])");
  world.report_for(300s, 0, 1);
  write(world);
  EXPECT_EQ(rows(), 0);
}

TEST_F(HistoryStoreTest, WritesSeldomAndNothingTwice) {
  World world("increase(m[1h])");
  store_.load(*world.history_, world.clock_.steady_now(), world.clock_.wall_now());
  for (int minutes = 0; minutes < 20; ++minutes) {
    world.report_for(60s, minutes);
    store_.write_if_due(*world.history_, world.clock_.steady_now(), world.clock_.wall_now());
  }
  EXPECT_EQ(rows(), 4 * 2) << "every five minutes a row for the series and one for the looks";
  restart(world);
  EXPECT_EQ(world.track().series.at(0).samples.size(), 20U);
}

TEST_F(HistoryStoreTest, DeletesWhatNoWindowReaches) {
  World world("increase(m[20m])");
  for (int hour = 0; hour < 5; ++hour) {
    world.report_for(3600s, 0);
    write(world);
  }
  EXPECT_LE(rows(), 4);
}

TEST_F(HistoryStoreTest, DeletesWhatNoRuleWants) {
  World world("increase(m[1h])");
  world.report_for(3600s, 0);
  write(world);
  EXPECT_GT(rows(), 0);
  World other("increase(m[2h])");
  store_.load(*other.history_, other.clock_.steady_now(), other.clock_.wall_now());
  EXPECT_GT(rows(), 0) << "the same selector with another window";
  World third("increase(m{d='a'}[2h])");
  store_.load(*third.history_, third.clock_.steady_now(), third.clock_.wall_now());
  EXPECT_EQ(rows(), 0);
}

TEST_F(HistoryStoreTest, KeepsTheEndOfASeries) {
  World world("m offset 30m");
  world.report_for(600s, 7);
  world.report({});
  world.clock_.advance(120s);
  write(world);
  world.clock_.advance(28min);
  restart(world);
  world.report({});
  EXPECT_TRUE(world.evaluate().elements.empty());
  EXPECT_EQ(world.track().series.size(), 1U);
}

}  // namespace
}  // namespace pgvigil
