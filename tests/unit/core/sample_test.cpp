#include "core/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;

TEST(Samples, AreReadAsTheyWereAdded) {
  Samples samples{{{"a", "x"}, 1}, {{"b", "y"}, 2}};
  samples.push_back({{"c", "z"}, 3});
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_THAT(samples[0].label_values, ElementsAre("a", "x"));
  EXPECT_THAT(samples[2].label_values, ElementsAre("c", "z"));
  double sum = 0;
  for (const SeriesView series : samples) sum += series.value;
  EXPECT_EQ(sum, 6);
}

TEST(Samples, ACopySharesTheRowsUntilOneOfTheTwoGrows) {
  Samples original{{{"a"}, 1}};
  Samples copy = original;
  EXPECT_EQ(copy.rows(), original.rows());
  copy.push_back({{"b"}, 2});
  EXPECT_EQ(original.size(), 1U);
  EXPECT_EQ(original.rows()->size(), 1U);
  original.push_back({{"c"}, 3});
  EXPECT_THAT(copy[1].label_values, ElementsAre("b"));
  EXPECT_THAT(original[1].label_values, ElementsAre("c"));
}

TEST(Samples, ThatShareRowsMayGrowOnTheirOwn) {
  auto rows = std::make_shared<LabelRows>(1);
  rows->add(std::vector<std::string>{"a"});
  Samples one(rows, {1});
  one.push_back({{"b"}, 2});
  EXPECT_EQ(rows->size(), 1U);
  EXPECT_EQ(one.size(), 2U);
}

TEST(Samples, RefuseRowsAndValuesThatDoNotFit) {
  auto rows = std::make_shared<LabelRows>(1);
  rows->add(std::vector<std::string>{"a"});
  EXPECT_THROW(Samples(rows, {}), Error);
  EXPECT_THROW(rows->add(std::vector<std::string>{"a", "b"}), Error);
}

TEST(Samples, KnownSeriesAreThoseWithAValue) {
  Family family{"m", "", MetricType::gauge, {"l"}, {{{"a"}, 1}}};
  family.samples.push_back({{"b"}, std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(known_series(family), 1U);
}

}  // namespace
}  // namespace pgvigil
