#include "collectors/statements/top_statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StatementKey key(std::int64_t query) {
  return {10, 5, query, true};
}

std::vector<StatementKey> keys(std::initializer_list<std::int64_t> queries) {
  std::vector<StatementKey> result;
  for (const std::int64_t query : queries) result.push_back(key(query));
  return result;
}

TEST(Ranking, TakesTheFirstOfEveryCriterionBeforeTheSeconds) {
  // Statements 1 and 2 lead by time, 3 and 4 by WAL.
  const std::vector<RankedStatement> statements{{key(1), {9, 1, 0, 0, 0, 0}},
                                                {key(2), {8, 1, 0, 0, 0, 0}},
                                                {key(3), {0, 0, 0, 0, 7, 0}},
                                                {key(4), {0, 0, 0, 0, 6, 0}}};
  EXPECT_EQ(rank_statements(statements, 2, 10), keys({1, 3, 2, 4}));
  EXPECT_EQ(rank_statements(statements, 2, 3), keys({1, 3, 2}));
  EXPECT_EQ(rank_statements(statements, 1, 10), keys({1, 3}));
  EXPECT_THAT(rank_statements(statements, 5, 0), IsEmpty());
}

TEST(Ranking, LeavesOutWhatDidNothing) {
  EXPECT_THAT(rank_statements({{key(1), {}}}, 5, 5), IsEmpty());
}

TEST(Ranking, BreaksTiesByTheKeySoThatSeriesDoNotFlicker) {
  EXPECT_EQ(rank_statements({{key(2), {1}}, {key(1), {1}}, {key(3), {1}}}, 2, 5), keys({1, 2}));
}

TEST(Ranking, LooksAtTimeCallsBlocksTemporaryFilesWalAndRows) {
  using C = StatementCounter;
  const auto criterion_of = [](C counter) {
    StatementValues values{};
    at(values, counter) = 1;
    const StatementLoad load = load_of(values);
    return std::find(load.begin(), load.end(), 1) - load.begin();
  };
  EXPECT_EQ(criterion_of(C::exec_seconds), 0);
  EXPECT_EQ(criterion_of(C::plan_seconds), 0);
  EXPECT_EQ(criterion_of(C::calls), 1);
  EXPECT_EQ(criterion_of(C::shared_blocks_read), 2);
  EXPECT_EQ(criterion_of(C::temp_blocks_written), 3);
  EXPECT_EQ(criterion_of(C::wal_bytes), 4);
  EXPECT_EQ(criterion_of(C::rows), 5);
}

TEST(TopStatements, StayForAWhileAfterTheyDroppedOut) {
  TopStatements top(10, 3);
  EXPECT_EQ(top.update(keys({1, 2})).entered, keys({1, 2}));
  EXPECT_THAT(top.update(keys({2})).left, IsEmpty());
  EXPECT_THAT(top.update(keys({2})).left, IsEmpty());
  EXPECT_EQ(top.update(keys({2})).left, keys({1}));
}

TEST(TopStatements, BeginToWaitAnewWhenTheyComeBack) {
  TopStatements top(10, 2);
  top.update(keys({1}));
  top.update({});
  EXPECT_THAT(top.update(keys({1})).entered, IsEmpty());
  EXPECT_THAT(top.update({}).left, IsEmpty());
  EXPECT_EQ(top.update({}).left, keys({1}));
}

TEST(TopStatements, AreNeverMoreThanTheirPlaces) {
  TopStatements top(2, 3);
  EXPECT_EQ(top.update(keys({1, 2, 3})).entered, keys({1, 2}));
}

TEST(TopStatements, TheRankingsFirstHalfNeedNotWaitForAPlace) {
  TopStatements top(4, 20);
  top.update(keys({1, 2, 3, 4}));
  top.update(keys({1, 2, 3}));
  const auto change = top.update(keys({5, 1, 2}));  // 4 has been out longer than 3
  EXPECT_EQ(change.entered, keys({5}));
  EXPECT_EQ(change.left, keys({4}));
}

TEST(TopStatements, TheRankingsSecondHalfWaitsForAPlace) {
  TopStatements top(4, 20);
  top.update(keys({1, 2, 3, 4}));
  const auto change = top.update(keys({1, 2, 3, 5}));
  EXPECT_THAT(change.entered, IsEmpty());
  EXPECT_THAT(change.left, IsEmpty());
}

TEST(TopStatements, WithoutPlacesNobodyEnters) {
  EXPECT_THAT(TopStatements(0, 20).update(keys({1, 2})).entered, IsEmpty());
}

}  // namespace
}  // namespace pgvigil
