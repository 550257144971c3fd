#include "alerts/evaluator.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "alerts/outbox.h"
#include "core/error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/routing/stage.h"
#include "tests/unit/alerts/rules.h"

namespace pgvigil {
namespace {

class EvaluatorTest : public testing::Test {
 protected:
  void report(double value) {
    snapshots_.publish(make_snapshot("t", ++run_, clock_.steady_now(), "m", {"datname"}, {{{"shop"}, value}}));
  }

  Evaluator::Setup setup(const std::string& rule = "id: r\nexpr: m\nwarning: { above: 10 }\nsummary: s") const {
    Evaluator::Setup result;
    result.interval = milliseconds(1);
    result.instance = "db1";
    result.rules = {make_rule(rule)};
    result.channels = {pager_channel("c")};
    result.routing = make_routing("", result.channels);
    return result;
  }

  Evaluator evaluator(Evaluator::Setup with) {
    return {std::move(with), snapshots_, alerts_, clock_, [this] { ++rings_; }};
  }
  Evaluator evaluator() { return evaluator(setup()); }

  // The messages that the channel is owed, which are then delivered.
  std::vector<std::string> deliver() {
    std::vector<std::string> result;
    for (const Outbox::Row& row : outbox_.next("c", clock_.wall_now(), 100)) {
      result.push_back(in_words(row.notification));
      outbox_.delivered(row, {}, {});
    }
    return result;
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
  EXPECT_EQ(deliver().size(), 1U);
  next.step();
  EXPECT_EQ(owed(), 0) << "not told twice";
  report(1);
  next.step();
  EXPECT_EQ(deliver().size(), 1U);
  EXPECT_TRUE(alerts_.current().empty());
}

TEST_F(EvaluatorTest, TheTimeBetweenTwoProcessesDoesNotCount) {
  const std::string rule = "id: r\nexpr: m\nwarning: { above: 10, for: 30s }\nsummary: s";
  report(15);
  evaluator(setup(rule)).step();
  clock_.advance(std::chrono::hours(5));
  report(15);
  Evaluator next = evaluator(setup(rule));
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

TEST_F(EvaluatorTest, WhatFiresBeforeTheFirstLookAtEverythingIsToldAfterIt) {
  bool done = false;
  Evaluator::Setup with = setup();
  with.first_cycle_done = [&done] { return done; };
  Evaluator one = evaluator(with);
  report(15);
  one.step();
  EXPECT_EQ(owed(), 0);
  EXPECT_TRUE(one.status().held);
  done = true;
  one.step();
  EXPECT_EQ(owed(), 1);
  EXPECT_FALSE(one.status().held);
}

TEST_F(EvaluatorTest, ACollectorThatHangsHoldsNothingBackForLong) {
  Evaluator::Setup with = setup();
  with.first_cycle_done = [] { return false; };
  Evaluator one = evaluator(with);
  report(15);
  one.step();
  clock_.advance(Evaluator::longest_hold);
  report(15);
  one.step();
  EXPECT_EQ(owed(), 1);
}

TEST_F(EvaluatorTest, RulesMaySpeakOfTheAgentItself) {
  Evaluator::Setup with = setup("id: r\nexpr: pgvigil_backlog\nwarning: { above: 10 }\nsummary: s");
  with.tasks = {"t"};
  double backlog = 15;
  with.own_families = [&backlog] {
    return std::vector<Family>{{"pgvigil_backlog", "", MetricType::gauge, {}, {{{}, backlog}}}};
  };
  Evaluator one = evaluator(with);
  one.step();
  EXPECT_EQ(deliver().size(), 1U);
  one.step();
  EXPECT_EQ(owed(), 0) << "it is no task that is gone";
  backlog = 1;
  one.step();
  EXPECT_EQ(deliver().size(), 1U);
}

TEST_F(EvaluatorTest, SeesASilenceOfAnotherProcessAtItsNextLook) {
  Evaluator one = evaluator();
  LocalStore other(folder_ / "state.db", LocalStore::Schema::as_it_is);
  SilenceStore silences(other);
  Silence silence;
  silence.match = make_matchers("rule=\"r\"");
  silence.ends = clock_.wall_now() + std::chrono::hours(1);
  const auto id = silences.add(silence);
  report(15);
  one.step();
  EXPECT_EQ(owed(), 0);
  silences.end(id, clock_.wall_now());
  one.step();
  EXPECT_EQ(owed(), 1);
}

TEST_F(EvaluatorTest, AnAcknowledgementEndsWithItsAlert) {
  Evaluator one = evaluator();
  report(15);
  one.step();
  const std::string id = alerts_.load().begin()->first;
  SilenceStore silences(store_);
  silences.acknowledge({id, Level::warning, "ann", "on it", clock_.wall_now() + std::chrono::hours(9), {}});
  report(1);
  one.step();
  EXPECT_TRUE(silences.in_force(clock_.wall_now()).acknowledgements.empty());
}

TEST_F(EvaluatorTest, AnAlertItsMessagesAndWhatWasToldAreStoredTogetherOrNotAtAll) {
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE("the disk is full at step " + std::to_string(limit));
    const TempDir folder;
    LocalStore store(folder / "state.db");
    Outbox outbox(store);
    AlertStore alerts(store);
    Evaluator one(setup(), snapshots_, alerts, clock_, [] {});
    report(15);
    int steps = 0;
    store.observe_steps([&] {
      if (++steps == limit) throw Error(Error::Kind::unavailable, "disk full");
    });
    bool failed = false;
    try {
      one.step();
    } catch (const Error&) {
      failed = true;
    }
    store.observe_steps({});
    const bool nothing = alerts.load().empty() && outbox.backlog("c").pending == 0 &&
                         RoutingStore(store).load({}, {}).incidents.empty() && AlertHistory(store).since({}).empty();
    EXPECT_EQ(nothing, failed);
    if (!failed) break;
  }
}

TEST_F(EvaluatorTest, AClockThatJumpsADayLosesNothingAndTellsNothingTwice) {
  Evaluator one = evaluator();
  report(15);
  one.step();
  EXPECT_EQ(deliver().size(), 1U);
  for (const int hours : {24, -48, 24}) {
    clock_.set_wall(clock_.wall_now() + std::chrono::hours(hours));
    clock_.advance(seconds(10));
    report(15);
    one.step();
    EXPECT_EQ(owed(), 0);
  }
  report(1);
  one.step();
  EXPECT_EQ(owed(), 1);
}

TEST_F(EvaluatorTest, AReloadDoesNotEmptyTheWindows) {
  const std::string rule = "id: r\nexpr: increase(m[5m])\nwarning: { above: 1e9 }\nsummary: s";
  std::shared_ptr<const History> samples;
  {
    Evaluator first = evaluator(setup(rule));
    for (int i = 0; i < 30; ++i) {
      report(i);
      first.step();
      clock_.advance(seconds(10));
    }
    samples = first.samples();
  }
  Evaluator::Setup next = setup("id: r\nexpr: increase(m[5m])\nwarning: { above: 10 }\nsummary: s");
  next.samples = samples;
  Evaluator second = evaluator(std::move(next));
  report(30);
  second.step();
  EXPECT_EQ(owed(), 1);
}

TEST_F(EvaluatorTest, SaysHowRulesFaredAndWhichMetricsNobodyReports) {
  Evaluator one = evaluator(setup("id: r\nexpr: m + nobody_has_this\nwarning: { above: 10 }\nsummary: s"));
  report(1);
  one.step();
  EXPECT_EQ(one.status().never_seen, std::vector<std::string>{"nobody_has_this"});
  ASSERT_EQ(one.status().reports.size(), 1U);
  EXPECT_EQ(one.status().reports[0].rule, "r");
}

TEST_F(EvaluatorTest, ItsThreadEvaluatesUntilItIsDestroyed) {
  const SystemClock clock;
  snapshots_.publish(make_snapshot("t", 1, clock.steady_now(), "m", {"datname"}, {{{"shop"}, 15}}));
  std::mutex mutex;
  std::condition_variable rung;
  bool rang = false;
  Evaluator one(setup(), snapshots_, alerts_, clock, [&] {
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
