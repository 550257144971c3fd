// How collectors spare a server in trouble: Pace and Breaker.

#include <gtest/gtest.h>

#include "collectors/breaker.h"
#include "collectors/pace.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

int factor_after(Pace& pace, std::initializer_list<std::chrono::duration<double>> runs) {
  for (const auto busy : runs) pace.ran(busy, 10s);
  return pace.factor();
}

TEST(Pace, DoublesTheIntervalWhileRunsTakeMoreThanAFifthOfIt) {
  Pace pace;
  EXPECT_EQ(factor_after(pace, {1s, 2s}), 1);
  EXPECT_EQ(factor_after(pace, {3s}), 2);
  EXPECT_EQ(factor_after(pace, {3s}), 2);  // 3 s of 20 s
  EXPECT_EQ(factor_after(pace, {5s}), 4);
  EXPECT_EQ(factor_after(pace, {100s, 100s, 100s, 100s}), Pace::slowest);
}

TEST(Pace, ComesBackOneStepAfterThreeCalmRunsInARow) {
  Pace pace;
  factor_after(pace, {5s, 5s});
  ASSERT_EQ(pace.factor(), 4);
  EXPECT_EQ(factor_after(pace, {100ms, 100ms}), 4);
  EXPECT_EQ(factor_after(pace, {3s, 100ms, 100ms}), 4);  // not in a row
  EXPECT_EQ(factor_after(pace, {100ms}), 2);
  EXPECT_EQ(factor_after(pace, {100ms, 100ms, 100ms}), 1);
}

TEST(Breaker, LetsOneAttemptThroughAndWaitsTwiceAsLongAfterEachFailure) {
  Breaker breaker(1s, 4s);
  const SteadyTime start{};
  EXPECT_TRUE(breaker.allows(start));
  breaker.attempt(start, 0);
  EXPECT_FALSE(breaker.allows(start));
  EXPECT_TRUE(breaker.allows(start + 1s));
  for (const auto wait : {2s, 4s, 4s}) {
    breaker.attempt(start, 0);
    EXPECT_FALSE(breaker.allows(start + wait - 1ms)) << wait.count();
    EXPECT_TRUE(breaker.allows(start + wait)) << wait.count();
  }
  breaker.succeeded();
  EXPECT_TRUE(breaker.allows(start));
}

TEST(Breaker, JitterShortensTheWaitByAHalfAtMost) {
  Breaker breaker(1s, 4s);
  breaker.attempt(SteadyTime{}, 1);
  EXPECT_FALSE(breaker.allows(SteadyTime{499ms}));
  EXPECT_TRUE(breaker.allows(SteadyTime{500ms}));
}

}  // namespace
}  // namespace pgvigil
