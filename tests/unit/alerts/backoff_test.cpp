#include "alerts/backoff.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Backoff, DoublesItsCeilingUpToTheCap) {
  const Backoff backoff{seconds(1), minutes(5)};
  const double almost_one = 0.999999;
  for (const auto& [failures, ceiling] : std::vector<std::pair<int, seconds>>{{1, seconds(1)},
                                                                              {2, seconds(2)},
                                                                              {5, seconds(16)},
                                                                              {9, seconds(256)},
                                                                              {10, seconds(300)},
                                                                              {1000, seconds(300)},
                                                                              {0, seconds(1)}}) {
    EXPECT_LE(full_jitter(backoff, failures, almost_one), ceiling) << failures;
    EXPECT_GE(full_jitter(backoff, failures, almost_one), ceiling - milliseconds(2)) << failures;
    EXPECT_EQ(full_jitter(backoff, failures, 0), milliseconds(0));
  }
  EXPECT_EQ(full_jitter(backoff, 3, 0.5), seconds(2));
}

TEST(Backoff, TheReceiversWordCountsUpToAnHour) {
  const Backoff backoff;
  EXPECT_EQ(retry_wait(backoff, 1, 0.5, seconds(40)), seconds(40));
  EXPECT_EQ(retry_wait(backoff, 1, 0.5, hours(100)), hours(1));
  EXPECT_EQ(retry_wait(backoff, 1, 0.5, seconds(-5)), seconds(0));
  EXPECT_EQ(retry_wait(backoff, 1, 0.5, std::nullopt), milliseconds(500));
}

}  // namespace
}  // namespace pgvigil
