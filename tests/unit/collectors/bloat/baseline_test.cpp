#include "collectors/bloat/baseline.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/collectors/bloat/bloat_facts.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const WallTime noon = parse_time("2026-11-21T12:00:00Z").value();

RelationFacts index_with(double pages, double rows, std::int64_t file = 16390) {
  RelationFacts index = full_index();
  index.pages = pages;
  index.rows = rows;
  index.file = file;
  return index;
}

TEST(IndexBaselines, OfTheFirstLookAreNotTheBestThereIs) {
  const auto first = advance({}, index_with(300, 1000), noon);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->anchored);
  EXPECT_EQ(growth(*first, index_with(600, 1000)), 2);
  EXPECT_EQ(wasted_since(*first, index_with(600, 1000)), std::nullopt) << "it may have been bloated before";
}

TEST(IndexBaselines, KeepTheFewestPagesARow) {
  auto baseline = advance({}, index_with(300, 1000), noon);
  baseline = advance(baseline, index_with(280, 1000), noon + 1h);
  baseline = advance(baseline, index_with(500, 1000), noon + 2h);
  EXPECT_NEAR(baseline->pages_per_row, 0.28, 1e-9);
  EXPECT_EQ(baseline->seen_at, noon + 2h);
}

TEST(IndexBaselines, AreAnchoredByAReindexThatWasSeen) {
  const auto before = advance({}, index_with(900, 1000), noon);
  const auto rebuilt = advance(before, index_with(300, 1000, 17000), noon + 1h);
  EXPECT_TRUE(rebuilt->anchored);
  EXPECT_NEAR(wasted_since(*rebuilt, index_with(900, 1000, 17000)).value(), 2.0 / 3, 1e-9);
  EXPECT_EQ(wasted_since(*rebuilt, index_with(200, 1000, 17000)), 0) << "better than ever";
  EXPECT_TRUE(advance(rebuilt, index_with(900, 1000, 17000), noon + 2h)->anchored);
}

TEST(IndexBaselines, AreNotAnchoredByATruncateOfTheTable) {
  const auto before = advance({}, index_with(900, 1000), noon);
  RelationFacts loaded_again = index_with(300, 1000, 17000);
  loaded_again.table_file = 17001;
  EXPECT_FALSE(advance(before, loaded_again, noon + 1h)->anchored);
}

TEST(IndexBaselines, AreNotAnchoredByAReindexLongAgo) {
  const auto before = advance({}, index_with(900, 1000), noon);
  EXPECT_FALSE(advance(before, index_with(300, 1000, 17000), noon + 48h)->anchored);
}

TEST(IndexBaselines, AreAnchoredByAFullRead) {
  const auto read = anchored_by_reading(index_with(400, 1000), 0.25, noon);
  ASSERT_TRUE(read);
  EXPECT_NEAR(read->pages_per_row, 0.3, 1e-9);
  EXPECT_NEAR(wasted_since(*read, index_with(600, 1000)).value(), 0.5, 1e-9);
}

TEST(IndexBaselines, AreNotAnchoredWhereTheRowCountIsOld) {
  RelationFacts index = index_with(400, 1000);
  index.modified_share = 0.5;
  EXPECT_EQ(anchored_by_reading(index, 0.25, noon), std::nullopt);
}

TEST(IndexBaselines, NeedRows) {
  EXPECT_EQ(advance({}, index_with(300, 0), noon), std::nullopt);
  EXPECT_EQ(anchored_by_reading(index_with(300, 0), 0.5, noon), std::nullopt);
}

}  // namespace
}  // namespace pgvigil
