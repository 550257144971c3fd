#include "collectors/agenda.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/support/fake_clock.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class Agendas : public testing::Test {
 protected:
  Moment now() const { return {clock_.steady_now(), clock_.wall_now()}; }

  // Lets tasks run for no time at all, and counts their starts while `duration` passes in steps of a second.
  int starts_within(seconds duration) {
    int starts = 0;
    for (seconds passed{0}; passed < duration; passed += 1s) {
      for (const Agenda::Due& due : agenda_.take_due(now())) {
        starts += due.start ? 1 : 0;
        missed_ += due.missed;
        agenda_.finished(due.task);
      }
      clock_.advance(1s);
    }
    return starts;
  }

  FakeClock clock_{parse_time("2026-11-21T01:59:00Z").value()};
  Agenda agenda_;
  std::int64_t missed_ = 0;
};

TEST_F(Agendas, StartIntervalsAtOnceAndThenRegularly) {
  agenda_.add("activity", Interval{10s}, Agenda::First::at_once, now());
  EXPECT_EQ(agenda_.take_due(now()).size(), 1U);
  agenda_.finished(0);
  EXPECT_TRUE(agenda_.take_due(now()).empty());
  EXPECT_EQ(starts_within(100s), 10);
  EXPECT_EQ(missed_, 0);
}

TEST_F(Agendas, StartAJobsIntervalOnlyAtItsPhase) {
  agenda_.add("backup", Interval{60s}, Agenda::First::in_phase, now());
  EXPECT_TRUE(agenda_.take_due(now()).empty());
  EXPECT_EQ(starts_within(60s), 1);
  EXPECT_EQ(starts_within(600s), 10);
}

TEST_F(Agendas, GiveEachNameAPhaseThatIsTheSameAfterARestart) {
  const auto first_regular_start = [&](const std::string& name, SteadyTime start) {
    Agenda agenda;
    agenda.add(name, Interval{60s}, Agenda::First::at_once, {start, clock_.wall_now()});
    agenda.take_due({start, clock_.wall_now()});
    agenda.finished(0);
    SteadyTime time = start;
    while (true) {
      time += 100ms;
      if (!agenda.take_due({time, clock_.wall_now()}).empty()) return time.time_since_epoch() % 60s;
    }
  };
  const SteadyTime start = clock_.steady_now();
  EXPECT_EQ(first_regular_start("locks", start), first_regular_start("locks", start + 17s));
  EXPECT_NE(first_regular_start("locks", start), first_regular_start("database", start));
}

TEST_F(Agendas, NeverStartATaskThatStillRuns) {
  agenda_.add("slow", Interval{10s}, Agenda::First::at_once, now());
  ASSERT_TRUE(agenda_.take_due(now()).at(0).start);
  std::int64_t missed = 0;
  for (int i = 0; i < 30; ++i) {
    clock_.advance(1s);
    for (const Agenda::Due& due : agenda_.take_due(now())) {
      EXPECT_FALSE(due.start);
      missed += due.missed;
    }
  }
  EXPECT_EQ(missed, 3);
  agenda_.finished(0);
  EXPECT_EQ(starts_within(10s), 1);
}

TEST_F(Agendas, CountWhatPassedWhileNobodyLooked) {
  agenda_.add("activity", Interval{10s}, Agenda::First::at_once, now());
  starts_within(1s);
  clock_.advance(100s);
  EXPECT_EQ(starts_within(1s), 1);
  EXPECT_GE(missed_, 8);
  EXPECT_LE(missed_, 10);
}

TEST_F(Agendas, WaitForACalendarsTime) {
  agenda_.add("nightly", Calendar{Cron::parse("0 2 * * *")}, Agenda::First::at_once, now());
  EXPECT_EQ(starts_within(59s), 0);
  EXPECT_EQ(starts_within(2s), 1);
  EXPECT_EQ(starts_within(3600s), 0);
  EXPECT_EQ(missed_, 0);
}

TEST_F(Agendas, RepeatNothingWhenTheClockIsSetBackALittle) {
  agenda_.add("nightly", Calendar{Cron::parse("0 2 * * *")}, Agenda::First::at_once, now());
  EXPECT_EQ(starts_within(62s), 1);
  clock_.set_wall(parse_time("2026-11-21T01:58:00Z").value());
  EXPECT_EQ(starts_within(600s), 0);
}

TEST_F(Agendas, PlanAnewWhenTheClockWasWrong) {
  clock_.set_wall(parse_time("2036-01-01T00:00:00Z").value());
  agenda_.add("nightly", Calendar{Cron::parse("0 2 * * *")}, Agenda::First::at_once, now());
  starts_within(1s);
  clock_.set_wall(parse_time("2026-11-21T01:59:30Z").value());
  EXPECT_EQ(starts_within(60s), 1);
}

TEST_F(Agendas, LookAgainInTimeForTheNextOccurrence) {
  agenda_.add("nightly", Calendar{Cron::parse("0 2 * * *")}, Agenda::First::at_once, now());
  EXPECT_LE(agenda_.next_look(now()) - clock_.steady_now(), 15s);
  clock_.advance(58s);
  EXPECT_EQ(agenda_.next_look(now()) - clock_.steady_now(), 2s);
}

}  // namespace
}  // namespace pgvigil
