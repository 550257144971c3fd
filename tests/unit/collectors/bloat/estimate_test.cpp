#include "collectors/bloat/estimate.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/collectors/bloat/bloat_facts.h"

namespace pgvigil {
namespace {

double share(const Estimate& estimate) {
  return std::holds_alternative<double>(estimate) ? std::get<double>(estimate) : -1;
}

TEST(BloatEstimate, OfWhatIsFullIsNone) {
  EXPECT_NEAR(share(estimate_table(full_table())), 0, 0.01);
  EXPECT_NEAR(share(estimate_index(full_index())), 0, 0.01);
}

TEST(BloatEstimate, IsTheShareThatTheRowsDoNotNeed) {
  RelationFacts table = full_table();
  table.rows /= 3;
  EXPECT_NEAR(share(estimate_table(table)), 2.0 / 3, 0.01);
  RelationFacts index = full_index();
  index.rows /= 3;
  EXPECT_NEAR(share(estimate_index(index)), 2.0 / 3, 0.01);
  table.rows = 0;
  EXPECT_EQ(share(estimate_table(table)), 1);
}

TEST(BloatEstimate, LeavesOutWhatFillfactorReserves) {
  RelationFacts table = full_table();
  table.fillfactor = 0.5;
  table.pages *= 2;
  EXPECT_NEAR(share(estimate_table(table)), 0, 0.02);
  RelationFacts index = full_index();
  index.fillfactor = 0.45;
  index.pages *= 2;
  EXPECT_NEAR(share(estimate_index(index)), 0, 0.03);
}

// Pages of 100,000 rows as PostgreSQL 15 makes them.
TEST(BloatEstimate, KnowsHowColumnsAreAligned) {
  struct Case {
    const char* columns;
    std::vector<ColumnStatistics> statistics;
    double pages;
  };
  const ColumnStatistics boolean{1, 1, 1, 0, 2};
  const ColumnStatistics integer{4, 4, 4, 0, -1};
  const ColumnStatistics bigint{8, 8, 8, 0, -1};
  for (const Case& row : {Case{"int", {integer}, 443}, Case{"int, int", {integer, integer}, 443},
                          Case{"int, bigint", {integer, bigint}, 541},
                          Case{"bool, bigint, bool, bigint", {boolean, bigint, boolean, bigint}, 736},
                          Case{"bigint, bigint, bool, bool", {bigint, bigint, boolean, boolean}, 637}}) {
    RelationFacts table = full_table();
    table.statistics = row.statistics;
    table.columns = static_cast<int>(row.statistics.size());
    table.pages = row.pages;
    EXPECT_NEAR(share(estimate_table(table)), 0, 0.005) << row.columns;
  }
}

TEST(BloatEstimate, OfATableIsSuppressedWhereItWouldBeWrong) {
  struct Case {
    Suppressed reason;
    std::function<void(RelationFacts&)> change;
  };
  for (const Case& row : {
           Case{Suppressed::toast, [](RelationFacts& table) { table.kind = RelationKind::toast; }},
           Case{Suppressed::access_method, [](RelationFacts& table) { table.access_method = "columnar"; }},
           Case{Suppressed::no_rights, [](RelationFacts& table) { table.readable = false; }},
           Case{Suppressed::no_statistics, [](RelationFacts& table) { table.statistics.pop_back(); }},
           Case{Suppressed::name_type, [](RelationFacts& table) { table.name_column = true; }},
           Case{Suppressed::changed_columns, [](RelationFacts& table) { table.columns_changed = true; }},
           Case{Suppressed::implausible, [](RelationFacts& table) { table.rows *= 2; }},
       }) {
    RelationFacts table = full_table();
    row.change(table);
    EXPECT_EQ(estimate_table(table), Estimate(row.reason)) << to_string(row.reason);
  }
}

TEST(BloatEstimate, OfAnIndexIsSuppressedWhereItWouldBeWrong) {
  struct Case {
    Suppressed reason;
    std::function<void(RelationFacts&)> change;
  };
  for (const Case& row : {
           Case{Suppressed::access_method, [](RelationFacts& index) { index.access_method = "gin"; }},
           Case{Suppressed::invalid, [](RelationFacts& index) { index.valid = false; }},
           Case{Suppressed::expression, [](RelationFacts& index) { index.expression = true; }},
           Case{Suppressed::partial, [](RelationFacts& index) { index.partial = true; }},
           Case{Suppressed::no_rights, [](RelationFacts& index) { index.readable = false; }},
           Case{Suppressed::no_statistics, [](RelationFacts& index) { index.statistics.clear(); }},
           Case{Suppressed::name_type, [](RelationFacts& index) { index.name_column = true; }},
           Case{Suppressed::wide_keys,
                [](RelationFacts& index) {
                  index.statistics[0] = {-1, 4, 900, 0, -1};
                }},
           Case{Suppressed::implausible, [](RelationFacts& index) { index.rows *= 2; }},
       }) {
    RelationFacts index = full_index();
    row.change(index);
    EXPECT_EQ(estimate_index(index), Estimate(row.reason)) << to_string(row.reason);
  }
}

TEST(BloatEstimate, OfAnIndexIsSuppressedWhereEqualKeysAreKeptOnce) {
  const auto suppressed = [](bool unique, std::vector<ColumnStatistics> statistics) {
    RelationFacts index = full_index();
    index.unique = unique;
    index.columns = static_cast<int>(statistics.size());
    index.statistics = std::move(statistics);
    return estimate_index(index) == Estimate(Suppressed::deduplicated);
  };
  EXPECT_TRUE(suppressed(false, {{4, 4, 4, 0, 6}})) << "six values";
  EXPECT_TRUE(suppressed(false, {{4, 4, 4, 0, -0.5}})) << "each value twice";
  EXPECT_FALSE(suppressed(false, {{4, 4, 4, 0, -1}})) << "each value once";
  EXPECT_FALSE(suppressed(false, {{4, 4, 4, 0, 6}, {4, 4, 4, 0, -1}})) << "one column is enough to tell rows apart";
  EXPECT_FALSE(suppressed(true, {{4, 4, 4, 0, 6}, {4, 4, 4, 0, 100}})) << "unique together";
  EXPECT_TRUE(suppressed(true, {{4, 4, 4, 0.5, -0.5}})) << "unique but for nulls";
}

TEST(BloatEstimate, DoesNotMindEqualKeysWhereEachIsKept) {
  RelationFacts index = full_index();
  index.unique = false;
  index.statistics = {{4, 4, 4, 0, 6}};
  index.deduplicates = false;
  EXPECT_NEAR(share(estimate_index(index)), 0, 0.01);
}

}  // namespace
}  // namespace pgvigil
