#include "alerts/comparison.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgvigil {
namespace {

TEST(Compare, ANumberThatIsNoneIsUnknown) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(compare(nan, Comparison::equal, 0), Truth::unknown);
  EXPECT_EQ(compare(nan, Comparison::not_equal, 0), Truth::unknown);
}

TEST(Compare, DecidesEveryComparisonAtItsBoundary) {
  struct Case {
    Comparison comparison;
    Truth below, at, above;
  };
  constexpr auto no = Truth::no;
  constexpr auto yes = Truth::yes;
  for (const Case& row : {Case{Comparison::equal, no, yes, no}, Case{Comparison::not_equal, yes, no, yes},
                          Case{Comparison::less, yes, no, no}, Case{Comparison::less_equal, yes, yes, no},
                          Case{Comparison::greater, no, no, yes}, Case{Comparison::greater_equal, no, yes, yes}}) {
    EXPECT_EQ(compare(4, row.comparison, 5), row.below);
    EXPECT_EQ(compare(5, row.comparison, 5), row.at);
    EXPECT_EQ(compare(6, row.comparison, 5), row.above);
  }
}

}  // namespace
}  // namespace pgvigil
