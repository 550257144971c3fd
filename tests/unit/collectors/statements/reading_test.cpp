#include "collectors/statements/reading.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using C = StatementCounter;

StatementRow row(double calls, double rows, std::optional<double> since = {}, StatementKey key = {10, 5, 1, true}) {
  StatementRow result{key, {}, since, false};
  at(result.values, C::calls) = calls;
  at(result.values, C::rows) = rows;
  return result;
}

struct Situation {
  StatementsMoment before;
  StatementsMoment now;
  Continuity expected;
  const char* name;
};

class Reads : public testing::TestWithParam<Situation> {};

TEST_P(Reads, GoTogetherOrNot) {
  EXPECT_EQ(continuity(GetParam().before, GetParam().now), GetParam().expected);
}

const std::vector<Situation> situations{
    {{100, 50, 60}, {130, 50, 60}, Continuity::continues, "NothingHappened"},
    {{100, 50, 60}, {130, 50, 120}, Continuity::reset, "AllStatementsWereForgotten"},
    {{100, 50, 60}, {130, 110, 60}, Continuity::continues, "TheServerWasRestartedAndKeptThem"},
    {{100, 50, 60}, {130, 40, 60}, Continuity::unrelated, "AServerThatWasThereBeforeTookOver"},
    {{100, 50, 60}, {130, 50, 30}, Continuity::unrelated, "TheResetIsOlderThanWhatWasRead"},
    {{100, 50, 60}, {130, 110, 0}, Continuity::unrelated, "StatisticsWereLostInACrash"},
    {{100, 50, {}}, {130, 50, {}}, Continuity::continues, "AnOldExtensionDoesNotTellOfResets"},
    {{100, 50, {}}, {130, 110, {}}, Continuity::continues, "AnOldExtensionAndARestart"},
};
INSTANTIATE_TEST_SUITE_P(All, Reads, testing::ValuesIn(situations), [](const auto& test) { return test.param.name; });

const StatementsMoment before{100, 50, 60};

double calls_counted(const StatementRow* previous, const StatementRow& now,
                     Continuity continuity = Continuity::continues, bool new_rows = true) {
  return at(accrued(previous, now, continuity, before, new_rows), C::calls);
}

TEST(Accrued, IsTheDifference) {
  const StatementRow old = row(10, 100);
  EXPECT_EQ(calls_counted(&old, row(13, 100)), 3);
  EXPECT_EQ(calls_counted(&old, row(10, 100)), 0);
}

TEST(Accrued, IsEverythingOfARowThatIsNew) {
  EXPECT_EQ(calls_counted(nullptr, row(4, 9)), 4);
  EXPECT_EQ(calls_counted(nullptr, row(4, 9, 105)), 4);
}

TEST(Accrued, IsNothingOfARowThatIsNewToUsOnly) {
  EXPECT_EQ(calls_counted(nullptr, row(4, 9, 90)), 0);
  EXPECT_EQ(calls_counted(nullptr, row(4, 9), Continuity::continues, false), 0);
}

TEST(Accrued, BeginsAgainAsAWholeWhenAnyCounterWentBack) {
  const StatementRow old = row(10, 100);
  EXPECT_EQ(calls_counted(&old, row(12, 7)), 12);  // more calls than before, yet all of them after the eviction
}

TEST(Accrued, BeginsAgainWhenTheServerCountsSinceLater) {
  const StatementRow old = row(10, 100, 80);
  EXPECT_EQ(calls_counted(&old, row(12, 120, 110)), 12);
  EXPECT_EQ(calls_counted(&old, row(12, 120, 70)), 0);  // another server's row
}

TEST(Accrued, AfterAResetOfAllIsEverything) {
  const StatementRow old = row(10, 100);
  EXPECT_EQ(calls_counted(&old, row(12, 120), Continuity::reset), 12);
}

TEST(Accrued, OnAnotherServerIsNothing) {
  const StatementRow old = row(10, 100);
  EXPECT_EQ(calls_counted(&old, row(9000, 9000), Continuity::unrelated), 0);
  EXPECT_EQ(calls_counted(nullptr, row(9000, 9000), Continuity::unrelated), 0);
}

TEST(Accrued, OfRowsThatCannotBeToldApartIsNothingWhenOneOfThemWasEvicted) {
  const StatementRow hidden = row(10, 100, {}, {10, 5, {}, true});
  EXPECT_EQ(calls_counted(&hidden, row(6, 60, {}, {10, 5, {}, true})), 0);
  EXPECT_EQ(calls_counted(&hidden, row(11, 100, {}, {10, 5, {}, true})), 1);
  StatementRow merged = row(10, 100);
  merged.merged = true;
  EXPECT_EQ(calls_counted(&merged, row(6, 60)), 0);
}

TEST(Rows, OfOneKeyAreSummedUp) {
  const StatementKey hidden{10, 5, {}, true};
  const auto merged = merge_rows({row(1, 1, 7, hidden), row(2, 5), row(3, 1, 8, hidden), row(4, 1, 9, hidden)});
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].key, hidden);
  EXPECT_EQ(at(merged[0].values, C::calls), 8);
  EXPECT_TRUE(merged[0].merged);
  EXPECT_EQ(merged[0].since, std::nullopt);
  EXPECT_EQ(at(merged[1].values, C::calls), 2);
  EXPECT_FALSE(merged[1].merged);
  EXPECT_TRUE(merge_rows({}).empty());
}

TEST(Rows, OfNestedStatementsAreTheirOwn) {
  EXPECT_EQ(merge_rows({row(1, 1, {}, {10, 5, 1, true}), row(1, 1, {}, {10, 5, 1, false})}).size(), 2U);
}

}  // namespace
}  // namespace pgvigil
