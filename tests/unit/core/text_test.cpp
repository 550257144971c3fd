#include "core/text.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadWithTheirUnits) {
  EXPECT_EQ(parse_duration("15s"), 15s);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("7d"), 7 * 24h);
  EXPECT_EQ(parse_duration("2w"), 14 * 24h);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Durations, AreRefusedWithoutAUnitOrInDisorder) {
  for (const char* text :
       {"", "15", "s", "5x", "-5s", "1.5h", "30m1h", "5m5m", "1h ", "99999999999999999999s", "9999999999999w"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Durations, AreWrittenAsTheyAreRead) {
  for (const char* text : {"15s", "1h30m", "7d", "500ms", "1m33s", "0s"}) {
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
}

TEST(Sizes, CountIn1024AsPostgresDoes) {
  EXPECT_EQ(parse_size("512"), 512);
  EXPECT_EQ(parse_size("8kB"), 8192);
  EXPECT_EQ(parse_size("8KiB"), 8192);
  EXPECT_EQ(parse_size("10GB"), 10LL << 30);
  for (const char* text : {"", "GB", "10 GB", "-1", "1.5GB", "10gb", "99999999TB"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(3LL << 29), "1.5 GB");
}

TEST(Times, AreUtcInRfc3339) {
  const auto time = parse_time("2026-11-21T02:03:04Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_time(*time), "2026-11-21T02:03:04Z");
  EXPECT_EQ(format_time_compact(*time), "20261121T020304Z");
  for (const char* text : {"2026-11-21T02:03:04", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                           "2026-11-21 02:03:04Z", "2026-11-21T25:00:00Z"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(Guesses, AreCloseOrNotMade) {
  EXPECT_EQ(closest("intervall", {"interval", "timeout"}), "interval");
  EXPECT_EQ(closest("colectors", {"collectors", "connections"}), "collectors");
  EXPECT_EQ(closest("zebra", {"interval", "timeout"}), std::nullopt);
}

TEST(Truncation, NeverCutsACodePoint) {
  EXPECT_EQ(truncate_utf8("abc", 3), "abc");
  EXPECT_EQ(truncate_utf8("abcdef", 5), "ab…");
  EXPECT_EQ(truncate_utf8("ääää", 7), "ää…");
  EXPECT_EQ(truncate_utf8("ääää", 6), "ä…");
}

TEST(OneLine, HoldsNoControlCharacters) {
  EXPECT_EQ(one_line(" a\n\tb\x1b[31m  c \r\n"), "a b [31m c");
}

}  // namespace
}  // namespace pgvigil
