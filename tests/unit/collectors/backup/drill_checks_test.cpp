#include "collectors/backup/drill_checks.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using Lines = std::vector<std::string>;

TEST(CompareRows, EqualCountsAreGood) {
  EXPECT_EQ(compare_rows({{"public.orders", 3, true}, {"public.empty", 0, true}},
                         {{"public.empty", 0, true}, {"public.orders", 3, true}}),
            Lines{});
}

TEST(CompareRows, EveryMissingRowIsSaid) {
  EXPECT_EQ(compare_rows({{"public.orders", 3, true}}, {{"public.orders", 2, true}}),
            Lines{"table public.orders has 2 rows, the backup's snapshot had 3"});
}

TEST(CompareRows, AMissingTableIsSaidEvenWhenItWasEmpty) {
  EXPECT_EQ(compare_rows({{"public.empty", 0, true}, {"public.big", 9, false}}, {}),
            (Lines{"table public.empty is missing", "table public.big is missing"}));
}

TEST(CompareRows, AnEstimateOnlyTellsThatThereWereRows) {
  EXPECT_EQ(compare_rows({{"public.big", 1000, false}}, {{"public.big", 990, true}}), Lines{});
  EXPECT_EQ(compare_rows({{"public.big", 1000, false}}, {{"public.big", 0, true}}),
            Lines{"table public.big is empty, the backup's snapshot had about 1000 rows"});
  EXPECT_EQ(compare_rows({{"public.new", 0, false}}, {{"public.new", 5, true}}), Lines{});
}

TEST(Judge, TrueIsGoodAndNothingElseIs) {
  const VerificationQuery query{"SELECT …", {}};
  EXPECT_EQ(judge(query, {1, "t"}), std::nullopt);
  EXPECT_EQ(judge(query, {1, "f"}), "it returned f instead of true");
  EXPECT_EQ(judge(query, {1, std::nullopt}), "it returned NULL");
  EXPECT_EQ(judge(query, {0, std::nullopt}), "it returned 0 rows instead of one");
  EXPECT_EQ(judge(query, {2, "t"}), "it returned 2 rows instead of one");
  EXPECT_EQ(judge(query, {1, "7"}), "it returned 7 instead of true");
}

TEST(Judge, WithAMinimumTheValueMustReachIt) {
  const VerificationQuery query{"SELECT …", 1.5};
  EXPECT_EQ(judge(query, {1, "2"}), std::nullopt);
  EXPECT_EQ(judge(query, {1, "1.5"}), std::nullopt);
  EXPECT_EQ(judge(query, {1, "1"}), "it returned 1, which is less than 1.5");
  EXPECT_EQ(judge(query, {1, "NaN"}), "it returned NaN, which is less than 1.5");
  EXPECT_EQ(judge(query, {1, "t"}), "it returned t, which is no number");
  EXPECT_EQ(judge(query, {1, ""}), "it returned , which is no number");
}

}  // namespace
}  // namespace pgvigil
