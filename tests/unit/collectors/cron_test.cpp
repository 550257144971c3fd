#include "collectors/cron.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {
namespace {

// The next occurrences after a time, in UTC.
std::vector<std::string> next(const std::string& expression, const std::string& zone, const std::string& after,
                              int count = 1) {
  const Cron cron = Cron::parse(expression, zone);
  WallTime time = parse_time(after).value();
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) {
    const auto found = cron.next(time);
    if (!found) break;
    time = *found;
    result.push_back(format_time(time));
  }
  return result;
}

using Times = std::vector<std::string>;

TEST(CronSchedules, RunAtTheirTimes) {
  EXPECT_EQ(next("0 2 * * *", "UTC", "2026-11-21T02:00:00Z", 2),
            (Times{"2026-11-22T02:00:00Z", "2026-11-23T02:00:00Z"}));
  EXPECT_EQ(next("*/15 * * * *", "UTC", "2026-11-21T10:07:30Z", 2),
            (Times{"2026-11-21T10:15:00Z", "2026-11-21T10:30:00Z"}));
  EXPECT_EQ(next("5/20 8-9 * * *", "UTC", "2026-11-21T09:26:00Z", 2),
            (Times{"2026-11-21T09:45:00Z", "2026-11-22T08:05:00Z"}));
  EXPECT_EQ(next("0 3 1 * *", "UTC", "2026-11-21T00:00:00Z", 2),
            (Times{"2026-12-01T03:00:00Z", "2027-01-01T03:00:00Z"}));
  EXPECT_EQ(next("0 2 * * sun", "UTC", "2026-11-21T00:00:00Z"), (Times{"2026-11-22T02:00:00Z"}));
  EXPECT_EQ(next("0 2 * * 7", "UTC", "2026-11-21T00:00:00Z"), (Times{"2026-11-22T02:00:00Z"}));
  EXPECT_EQ(next("@monthly", "UTC", "2026-11-21T00:00:00Z"), (Times{"2026-12-01T00:00:00Z"}));
  EXPECT_EQ(next("0 0 29 feb *", "UTC", "2026-11-21T00:00:00Z"), (Times{"2028-02-29T00:00:00Z"}));
}

TEST(CronSchedules, AreStrictlyInTheFuture) {
  EXPECT_EQ(next("30 4 * * *", "UTC", "2026-11-21T04:29:59Z"), (Times{"2026-11-21T04:30:00Z"}));
  EXPECT_EQ(next("30 4 * * *", "UTC", "2026-11-21T04:30:00Z"), (Times{"2026-11-22T04:30:00Z"}));
}

TEST(CronSchedules, CombineTheDayFieldsAsVixieCronDoes) {
  // Both restricted: the 13th or a Friday. One begins with a star: both must match.
  EXPECT_EQ(next("0 0 13 * fri", "UTC", "2026-11-11T00:00:00Z", 3),
            (Times{"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"}));
  EXPECT_EQ(next("0 0 */2 * fri", "UTC", "2026-11-01T00:00:00Z", 2),
            (Times{"2026-11-13T00:00:00Z", "2026-11-27T00:00:00Z"}));
}

TEST(CronSchedules, FollowTheLocalTimeOfTheirZone) {
  EXPECT_EQ(next("0 2 * * *", "Europe/Berlin", "2026-01-10T12:00:00Z"), (Times{"2026-01-11T01:00:00Z"}));
  EXPECT_EQ(next("0 2 * * *", "Europe/Berlin", "2026-07-10T12:00:00Z"), (Times{"2026-07-11T00:00:00Z"}));
  EXPECT_EQ(next("0 2 * * *", "America/Toronto", "2026-07-10T12:00:00Z"), (Times{"2026-07-11T06:00:00Z"}));
}

TEST(CronSchedules, RunOnceWhenTheGapEndsIfTheirTimeIsSkipped) {
  // Berlin, 29 March 2026: 02:00 becomes 03:00 (01:00 UTC).
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            (Times{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}));
  EXPECT_EQ(next("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            (Times{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}));
  // Lord Howe moves by half an hour, Santiago at midnight.
  EXPECT_EQ(next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z"), (Times{"2026-10-03T15:30:00Z"}));
  EXPECT_EQ(next("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z"), (Times{"2026-09-06T04:00:00Z"}));
}

TEST(CronSchedules, RunOnceIfTheirTimeHappensTwice) {
  // Berlin, 25 October 2026: 03:00 becomes 02:00 again.
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            (Times{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}));
}

TEST(CronSchedules, WithWildcardHoursFollowTheTimeThatPasses) {
  EXPECT_EQ(next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4),
            (Times{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"}));
  EXPECT_EQ(next("0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z", 3),
            (Times{"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}));
}

TEST(CronSchedules, ThatNeverComeHaveNoNext) {
  EXPECT_TRUE(next("0 0 30 feb *", "UTC", "2026-11-21T00:00:00Z").empty());
}

TEST(CronExpressions, AreRefusedWithTheFieldThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"60 * * * *", "minute"},      {"* 24 * * *", "hour"},
      {"* * 0 * *", "day of month"}, {"* * 32 * *", "day of month"},
      {"* * * 13 *", "month"},       {"* * * foo *", "month"},
      {"* * * * 8", "day of week"},  {"*/0 * * * *", "minute"},
      {"5-1 * * * *", "minute"},     {"1,,2 * * * *", "minute"},
      {"-1 * * * *", "minute"},      {"* * L * *", "day of month"},
      {"1.5 * * * *", "minute"},     {"* * * *", "five"},
      {"* * * * * *", "five"},       {"", "five"},
      {"@sometimes", "five"},        {"every day please now ok", "minute"}};
  for (const auto& [expression, field] : wrong) {
    try {
      Cron::parse(expression);
      FAIL() << expression << " was accepted";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(field), std::string::npos) << expression << ": " << error.what();
    }
  }
  EXPECT_THROW(Cron::parse("0 2 * * *", "Europe/Atlantis"), Error);
}

}  // namespace
}  // namespace pgvigil
