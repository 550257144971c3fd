#include "collectors/bloat/confirmation.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/collectors/bloat/bloat_facts.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const WallTime noon = parse_time("2026-11-21T12:00:00Z").value();
constexpr milliseconds week = std::chrono::hours(168);

Confirmation of(const RelationFacts& relation) {
  return {relation.file, relation.pages, relation.rows, 0.4, "pgstatindex", 1000, noon};
}

TEST(Confirmations, HoldWhileTheRelationIsAboutTheSame) {
  const RelationFacts before = full_index();
  EXPECT_TRUE(holds(of(before), before, noon + 1h, week));
  RelationFacts larger = before;
  larger.pages *= 1.05;
  EXPECT_TRUE(holds(of(before), larger, noon, week));
  larger.pages = before.pages * 1.2;
  EXPECT_FALSE(holds(of(before), larger, noon, week)) << "it grew";
  RelationFacts emptied = before;
  emptied.rows *= 0.8;
  EXPECT_FALSE(holds(of(before), emptied, noon, week)) << "rows went";
  RelationFacts rebuilt = before;
  rebuilt.file = 17000;
  EXPECT_FALSE(holds(of(before), rebuilt, noon, week)) << "another file";
  EXPECT_FALSE(holds(of(before), before, noon + 200h, week)) << "long ago";
  Confirmation failed = of(before);
  failed.wasted.reset();
  EXPECT_FALSE(holds(failed, before, noon, week)) << "nothing was found";
}

TEST(Confirmations, ReadAnIndexInFullAndOfATableWhatIsNotAllVisible) {
  RelationFacts index = full_index();
  index.pages = 1000;
  EXPECT_EQ(bytes_to_read(index), 1000 * 8192);
  RelationFacts table = full_table();
  table.pages = 1000;
  table.unread_pages = 100;
  EXPECT_EQ(bytes_to_read(table), 102 * 8192) << "and the maps";
}

// The numbers of pgstattuple_approx and pgstatindex on PostgreSQL 15.
TEST(Confirmations, AreWhatARewriteWouldGiveBack) {
  const RelationFacts table = full_table();
  EXPECT_NEAR(wasted_heap_share(table, 17719296, 133333, 10708128, 0), 0.60, 0.01) << "two thirds deleted";
  EXPECT_NEAR(wasted_heap_share(table, 15654912, 300000, 1376, 0), 0, 0.01) << "full";
  EXPECT_NEAR(wasted_heap_share(table, 8192000, 0, 8000000, 0), 1, 0.01) << "empty";
  EXPECT_EQ(wasted_heap_share(table, 0, 0, 0, 0), 0) << "no page";
  EXPECT_NEAR(wasted_heap_share(table, 8192000, 60000, 0, 4000000), 0.49, 0.01) << "dead rows";
  const RelationFacts index = full_index();
  EXPECT_NEAR(wasted_index_share(index, 9003008, 1093, 5, 0.3022), 0.66, 0.01) << "two thirds deleted";
  EXPECT_NEAR(wasted_index_share(index, 9003008, 1093, 5, 0.9), 0, 0.01) << "full";
  EXPECT_NEAR(wasted_index_share(index, 8192000, 500, 4, 0.9), 0.5, 0.01) << "half of its pages deleted";
  EXPECT_EQ(wasted_index_share(index, 0, 0, 0, 0), 0) << "no page";
}

TEST(Confirmations, TakeAFillfactorForWanted) {
  RelationFacts table = full_table();
  table.fillfactor = 0.5;
  EXPECT_NEAR(wasted_heap_share(table, 8192000, 60000, 4096000, 0), 0, 0.02);
}

TEST(Confirmations, TakeTheRestOfAPageThatNoRowFitsInForWanted) {
  // Three rows of 2,524 bytes a page leave 620 free.
  EXPECT_NEAR(wasted_heap_share(full_table(), 8192000, 3000, 620000, 0), 0, 0.05);
}

}  // namespace
}  // namespace pgvigil
