#include "alerts/evaluator.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "alerts/outbox.h"
#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil {
namespace {

class EvaluatorTest : public testing::Test {
 protected:
  void report(double value) {
    snapshots_.publish(make_snapshot("t", ++run_, clock_.steady_now(), "m", {"datname"}, {{{"shop"}, value}}));
  }

  Evaluator evaluator(const std::string& rule = "id: r\nexpr: m\nwarning: { above: 10 }\nsummary: s") {
    return {{milliseconds(1), "db1", {make_rule(rule)}, {{"c", Level::warning, false}}},
            snapshots_,
            alerts_,
            clock_,
            [this] { ++rings_; }};
  }

  std::int64_t owed() { return outbox_.backlog("c").pending; }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  Outbox outbox_{store_};
  AlertStore alerts_{store_};
  FakeClock clock_;
  SnapshotStore snapshots_;
  std::uint64_t run_ = 0;
  int rings_ = 0;
};

TEST_F(EvaluatorTest, PutsMessagesIntoTheOutboxAndRings) {
  Evaluator one = evaluator();
  report(15);
  one.step();
  EXPECT_EQ(owed(), 1);
  EXPECT_EQ(rings_, 1);
  one.step();
  EXPECT_EQ(owed(), 1);
  EXPECT_EQ(rings_, 1);
  EXPECT_EQ(one.status().evaluations, 2U);
  EXPECT_EQ(one.status().rules, 1U);
}

TEST_F(EvaluatorTest, ShowsWhatFires) {
  Evaluator one = evaluator();
  report(15);
  one.step();
  ASSERT_EQ(alerts_.current().size(), 1U);
  EXPECT_EQ(alerts_.current()[0].value, 15);
  report(16);
  one.step();
  EXPECT_EQ(alerts_.current()[0].value, 16);
}

TEST_F(EvaluatorTest, GoesOnWhereTheLastProcessEnded) {
  report(15);
  evaluator().step();
  Evaluator next = evaluator();
  EXPECT_EQ(alerts_.current().size(), 1U) << "shown before the first evaluation";
  next.step();
  EXPECT_EQ(owed(), 1) << "not told twice";
  report(1);
  next.step();
  EXPECT_EQ(owed(), 2);
}

TEST_F(EvaluatorTest, TheTimeBetweenTwoProcessesDoesNotCount) {
  const std::string rule = "id: r\nexpr: m\nwarning: { above: 10, for: 30s }\nsummary: s";
  report(15);
  evaluator(rule).step();
  clock_.advance(std::chrono::hours(5));
  report(15);
  Evaluator next = evaluator(rule);
  next.step();
  EXPECT_EQ(owed(), 0);
  clock_.advance(seconds(30));
  report(15);
  next.step();
  EXPECT_EQ(owed(), 1);
}

TEST_F(EvaluatorTest, AnEvaluationThatCannotBeStoredIsMadeAgain) {
  Evaluator one = evaluator();
  report(15);
  store_.observe_steps([] { throw Error(Error::Kind::unavailable, "disk full"); });
  EXPECT_THROW(one.step(), Error);
  EXPECT_EQ(rings_, 0);
  store_.observe_steps({});
  one.step();
  EXPECT_EQ(owed(), 1);
  EXPECT_EQ(rings_, 1);
}

TEST_F(EvaluatorTest, ItsThreadEvaluatesUntilItIsDestroyed) {
  const SystemClock clock;
  snapshots_.publish(make_snapshot("t", 1, clock.steady_now(), "m", {"datname"}, {{{"shop"}, 15}}));
  std::mutex mutex;
  std::condition_variable rung;
  bool rang = false;
  Evaluator one({milliseconds(1),
                 "db1",
                 {make_rule("id: r\nexpr: m\nwarning: { above: 10 }\nsummary: s")},
                 {{"c", Level::warning, false}}},
                snapshots_, alerts_, clock, [&] {
                  const std::lock_guard lock(mutex);
                  rang = true;
                  rung.notify_all();
                });
  one.start();
  std::unique_lock lock(mutex);
  EXPECT_TRUE(rung.wait_for(lock, seconds(20), [&] { return rang; }));
}

}  // namespace
}  // namespace pgvigil
