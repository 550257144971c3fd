#include "collectors/value_text.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

TEST(ValueTexts, AreNumbersAndBooleans) {
  EXPECT_EQ(number_of("42"), 42);
  EXPECT_EQ(number_of("-1.5e3"), -1500);
  EXPECT_EQ(number_of("t"), 1);
  EXPECT_EQ(number_of("f"), 0);
}

TEST(ValueTexts, AreTimesInSecondsSinceTheEpoch) {
  EXPECT_EQ(number_of("1970-01-02"), 86400);
  EXPECT_EQ(number_of("1970-01-01 00:00:01"), 1);
  EXPECT_DOUBLE_EQ(*number_of("2026-11-21 14:40:22.25+00"), 1795272022.25);
  EXPECT_EQ(number_of("1970-01-01 02:00:00+02"), 0);
  EXPECT_EQ(number_of("1969-12-31 20:30:00-03:30"), 0);
}

TEST(ValueTexts, AreNothingWhenTheyAreNoNumber) {
  for (const char* text : {"", "NaN", "infinity", "-infinity", "twelve", "12x", "0/16B3748", "01:02:03", "2026-13-01",
                           "2026-11-21 14", "2026-11-21 14:40:22+", "0044-03-15 BC", "1e999", "-5-01-01"}) {
    EXPECT_FALSE(number_of(text)) << text;
  }
}

}  // namespace
}  // namespace pgvigil
