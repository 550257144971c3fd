#include "collectors/bloat/bloat_memory.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

const WallTime noon = parse_time("2026-11-21T12:00:00Z").value();

class BloatMemories : public testing::Test {
 protected:
  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  BloatMemory memory_{store_};
};

TEST_F(BloatMemories, KeepWhatWasLearntOfEachDatabase) {
  DatabaseBloatMemory learnt;
  learnt.baselines["public.a"] = {16390, 16384, 0.25, true, noon};
  learnt.confirmations["public.a"] = {16390, 100, 1000, 0.5, "pgstatindex", 4096, noon};
  learnt.confirmations["public.b"] = {16391, 100, 1000, std::nullopt, "pgstattuple_approx", 512, noon};
  memory_.remember("shop", learnt, noon);

  LocalStore again(folder_ / "state.db");
  const DatabaseBloatMemory recalled = BloatMemory(again).recall("shop");
  const IndexBaseline& baseline = recalled.baselines.at("public.a");
  EXPECT_EQ(baseline.file, 16390);
  EXPECT_EQ(baseline.table_file, 16384);
  EXPECT_EQ(baseline.pages_per_row, 0.25);
  EXPECT_TRUE(baseline.anchored);
  EXPECT_EQ(baseline.seen_at, noon);
  const Confirmation& confirmation = recalled.confirmations.at("public.a");
  EXPECT_EQ(confirmation.wasted, 0.5);
  EXPECT_EQ(confirmation.method, "pgstatindex");
  EXPECT_EQ(confirmation.measured_at, noon);
  EXPECT_EQ(recalled.confirmations.at("public.b").wasted, std::nullopt);
  EXPECT_TRUE(memory_.recall("other").baselines.empty());
}

TEST_F(BloatMemories, SumUpWhatWasReadInAllDatabases) {
  DatabaseBloatMemory shop;
  shop.confirmations["public.a"] = {1, 100, 1000, 0.5, "pgstatindex", 4000, noon};
  shop.confirmations["public.b"] = {2, 100, 1000, 0.5, "pgstatindex", 100, noon - 2h};
  memory_.remember("shop", shop, noon);
  DatabaseBloatMemory other;
  other.confirmations["public.a"] = {1, 100, 1000, std::nullopt, "pgstatindex", 30, noon};
  memory_.remember("other", other, noon);
  EXPECT_EQ(memory_.bytes_read_since(noon - 1h), 4030);
}

TEST_F(BloatMemories, ForgetWhatIsNoMore) {
  DatabaseBloatMemory learnt;
  learnt.baselines["public.gone"] = {1, 1, 0.25, true, noon - 31 * 24h};
  learnt.confirmations["public.gone"] = {1, 100, 1000, 0.5, "pgstatindex", 4000, noon - 31 * 24h};
  learnt.baselines["public.here"] = {1, 1, 0.25, true, noon};
  memory_.remember("shop", learnt, noon);
  EXPECT_EQ(memory_.recall("shop").baselines.size(), 1U);
  EXPECT_TRUE(memory_.recall("shop").confirmations.empty());
}

}  // namespace
}  // namespace pgvigil
