#include "alerts/routing/mute_time.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace pgvigil {
namespace {

MuteTime make(const std::string& members) {
  Problems problems;
  auto section = Section::parse("{ name: n, " + members + " }", "f.yaml", problems);
  MuteTime result = decode_mute_time(*section);
  for (const std::string& line : problems.lines()) ADD_FAILURE() << line;
  return result;
}

bool active(const std::string& members, const std::string& utc) {
  return make(members).active(*parse_time(utc));
}

TEST(MuteTime, LastsFromTheFirstMinuteToTheLast) {
  const std::string night = "from: \"22:00\", to: \"23:30\"";
  EXPECT_FALSE(active(night, "2026-03-02T21:59:59Z"));
  EXPECT_TRUE(active(night, "2026-03-02T22:00:00Z"));
  EXPECT_TRUE(active(night, "2026-03-02T23:29:59Z"));
  EXPECT_FALSE(active(night, "2026-03-02T23:30:00Z"));
}

TEST(MuteTime, WithoutTimesItIsTheWholeDay) {
  EXPECT_TRUE(active("days: [sun]", "2026-03-01T00:00:00Z"));
  EXPECT_TRUE(active("days: [sun]", "2026-03-01T23:59:59Z"));
  EXPECT_FALSE(active("days: [sun]", "2026-03-02T00:00:00Z"));
}

TEST(MuteTime, RunsPastMidnightIntoADayThatIsNotListed) {
  const std::string weekend = "days: [sat, sun], from: \"18:00\", to: \"08:00\"";
  EXPECT_FALSE(active(weekend, "2026-02-28T17:59:00Z")) << "Saturday before it";
  EXPECT_TRUE(active(weekend, "2026-02-28T18:00:00Z"));
  EXPECT_TRUE(active(weekend, "2026-03-01T07:59:00Z")) << "Sunday morning, from Saturday";
  EXPECT_FALSE(active(weekend, "2026-03-01T08:00:00Z"));
  EXPECT_TRUE(active(weekend, "2026-03-02T07:59:00Z")) << "Monday morning, from Sunday";
  EXPECT_FALSE(active(weekend, "2026-03-02T18:00:00Z")) << "Monday evening";
  EXPECT_FALSE(active(weekend, "2026-02-28T07:59:00Z")) << "Saturday morning belongs to Friday";
}

TEST(MuteTime, EqualTimesAreAWholeDayFromThere) {
  const std::string day = "days: [mon], from: \"08:00\", to: \"08:00\"";
  EXPECT_FALSE(active(day, "2026-03-02T07:59:00Z"));
  EXPECT_TRUE(active(day, "2026-03-02T08:00:00Z"));
  EXPECT_TRUE(active(day, "2026-03-03T07:59:00Z"));
  EXPECT_FALSE(active(day, "2026-03-03T08:00:00Z"));
}

TEST(MuteTime, FollowsTheClocksOnTheWall) {
  // Berlin: 01:00 UTC in winter is 02:00, in summer 03:00; the change is on 2026-03-29 at 01:00 UTC.
  const std::string night = "from: \"02:30\", to: \"04:00\", timezone: Europe/Berlin";
  EXPECT_TRUE(active(night, "2026-03-28T01:30:00Z"));
  EXPECT_FALSE(active(night, "2026-03-29T00:59:59Z")) << "01:59";
  EXPECT_TRUE(active(night, "2026-03-29T01:00:00Z")) << "03:00: the gap swallowed the beginning";
  EXPECT_FALSE(active(night, "2026-03-29T02:00:00Z"));
  // On 2026-10-25 the hour from 02:00 happens twice.
  EXPECT_TRUE(active(night, "2026-10-25T00:30:00Z"));
  EXPECT_FALSE(active(night, "2026-10-25T01:15:00Z")) << "02:15 for the second time";
  EXPECT_TRUE(active(night, "2026-10-25T01:30:00Z"));
  EXPECT_TRUE(active(night, "2026-10-25T02:59:59Z"));
}

}  // namespace
}  // namespace pgvigil
