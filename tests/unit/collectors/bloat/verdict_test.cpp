#include "collectors/bloat/verdict.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/collectors/bloat/bloat_facts.h"

namespace pgvigil {
namespace {

const WallTime noon = parse_time("2026-11-21T12:00:00Z").value();
constexpr milliseconds week = std::chrono::hours(168);

class BloatVerdicts : public testing::Test {
 protected:
  RelationFacts index_ = full_index();
  IndexBaseline baseline_{index_.file, index_.table_file, index_.pages / index_.rows / 2, true, noon};
  Confirmation confirmation_{index_.file, index_.pages, index_.rows, 0.7, "pgstatindex", 0, noon};
};

TEST_F(BloatVerdicts, PreferWhatWasReadToTheOwnBestAndThatToStatistics) {
  const Verdict read = judge(index_, &baseline_, &confirmation_, noon, week);
  EXPECT_EQ(read.wasted, 0.7);
  EXPECT_EQ(read.method, "pgstatindex");
  EXPECT_EQ(read.measured_at, noon);

  const Verdict compared = judge(index_, &baseline_, nullptr, noon, week);
  EXPECT_NEAR(compared.wasted.value(), 0.5, 1e-9);
  EXPECT_EQ(compared.method, "baseline");
  EXPECT_EQ(compared.measured_at, std::nullopt);

  const Verdict estimated = judge(index_, nullptr, nullptr, noon, week);
  EXPECT_NEAR(estimated.wasted.value(), 0, 0.01);
  EXPECT_EQ(estimated.method, "estimate");
}

TEST_F(BloatVerdicts, DoNotUseAReadingOfAnotherFile) {
  confirmation_.file = 1;
  EXPECT_EQ(judge(index_, nullptr, &confirmation_, noon, week).method, "estimate");
}

TEST_F(BloatVerdicts, SayWhyThereIsNoNumber) {
  index_.partial = true;
  const Verdict verdict = judge(index_, nullptr, nullptr, noon, week);
  EXPECT_EQ(verdict.wasted, std::nullopt);
  EXPECT_EQ(verdict.reason, Suppressed::partial);
}

TEST_F(BloatVerdicts, OfAnUnanchoredBaselineAreAGrowthAndASuspicionOnly) {
  index_.partial = true;
  baseline_.anchored = false;
  const Verdict verdict = judge(index_, &baseline_, nullptr, noon, week);
  EXPECT_EQ(verdict.wasted, std::nullopt);
  EXPECT_NEAR(verdict.growth.value(), 2, 1e-9);
  EXPECT_NEAR(suspected_share(verdict).value(), 0.5, 1e-9);
  baseline_.pages_per_row *= 2;
  EXPECT_EQ(suspected_share(judge(index_, &baseline_, nullptr, noon, week)), std::nullopt);
}

}  // namespace
}  // namespace pgvigil
