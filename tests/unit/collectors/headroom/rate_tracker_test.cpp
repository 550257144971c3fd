#include "collectors/headroom/rate_tracker.h"

#include <gtest/gtest.h>

#include <cmath>

#include "collectors/headroom/headroom_task.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000h};

class Rates : public testing::Test {
 protected:
  void grow(double per_second, int minutes) {
    for (int i = 0; i < minutes; ++i) {
      now_ += 1min;
      value_ += per_second * 60;
      rate_.observe(now_, value_);
    }
  }
  RateTracker rate_{RateTracker::Kind::counter, 15min, 2min};
  SteadyTime now_ = start;
  double value_ = 1e12;
};

TEST_F(Rates, AreNotKnownAtFirst) {
  EXPECT_EQ(rate_.per_second(), std::nullopt);
  rate_.observe(now_, value_);
  EXPECT_EQ(rate_.per_second(), std::nullopt);
  grow(10, 1);
  EXPECT_EQ(rate_.per_second(), std::nullopt);
  grow(10, 1);
  EXPECT_NEAR(rate_.per_second().value_or(0), 10, 1e-9);
}

TEST_F(Rates, FollowWhatHappensLately) {
  rate_.observe(now_, value_);
  grow(10, 300);
  grow(1000, 15);
  EXPECT_NEAR(rate_.per_second().value_or(0), 505, 1);  // half a weight each
  grow(0, 300);
  EXPECT_LT(rate_.per_second().value_or(1), 0.01);
}

TEST_F(Rates, SurviveResets) {
  rate_.observe(now_, value_);
  grow(10, 10);
  value_ = 0;  // a failover, a new server
  grow(10, 10);
  EXPECT_NEAR(rate_.per_second().value_or(0), 10, 1e-9);
}

TEST_F(Rates, OfNothingAreZero) {
  rate_.observe(now_, value_);
  grow(0, 10);
  EXPECT_EQ(rate_.per_second(), 0);
}

TEST_F(Rates, TakeNoHarmFromWrongSamples) {
  rate_.observe(now_, value_);
  grow(10, 5);
  rate_.observe(now_, value_ + 1e9);  // no time has passed
  rate_.observe(now_ - 1min, value_);
  rate_.observe(now_ + 1min, std::nan(""));
  grow(10, 5);
  EXPECT_NEAR(rate_.per_second().value_or(0), 10, 1e-9);
}

TEST(RateOfALevel, MayBeNegative) {
  RateTracker rate(RateTracker::Kind::level, 1h, 1min);
  rate.observe(start, 1000);
  rate.observe(start + 1min, 400);
  EXPECT_NEAR(rate.per_second().value_or(0), -10, 1e-9);
}

TEST(SecondsUntilUsed, AreLeftDividedByRate) {
  EXPECT_EQ(seconds_until_used(100, 4), 25);
  EXPECT_EQ(seconds_until_used(0, 4), 0);
  EXPECT_EQ(seconds_until_used(-5, std::nullopt), 0);  // used up, at whatever rate
}

TEST(SecondsUntilUsed, AreNotKnownRatherThanWrong) {
  EXPECT_TRUE(std::isnan(seconds_until_used(std::nullopt, 4)));
  EXPECT_TRUE(std::isnan(seconds_until_used(100, std::nullopt)));
  EXPECT_TRUE(std::isnan(seconds_until_used(100, 0)));
  EXPECT_TRUE(std::isnan(seconds_until_used(100, -3)));
  EXPECT_TRUE(std::isnan(seconds_until_used(1e9, 1e-9)));  // in 30 billion years
}

TEST(IdsKeptBack, AreMoreSinceVersion14) {
  EXPECT_EQ(xids_kept_back(130000), 1000000);
  EXPECT_EQ(xids_kept_back(140000), 3000000);
  EXPECT_EQ(multixacts_kept_back(130023), 100);
  EXPECT_EQ(multixacts_kept_back(180004), 3000000);
}

}  // namespace
}  // namespace pgvigil
