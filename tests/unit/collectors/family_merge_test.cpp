#include "collectors/family_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;

std::shared_ptr<const LabelRows> tables(const std::string& database, int count) {
  auto rows = std::make_shared<LabelRows>(2);
  for (int i = 0; i < count; ++i) rows->add(std::vector<std::string>{database, "t" + std::to_string(i)});
  return rows;
}

// A reader's families of one database: two metrics with the same rows.
std::vector<Family> reading(const std::string& database, int count) {
  const auto rows = tables(database, count);
  std::vector<double> scans(static_cast<std::size_t>(count), 1);
  std::vector<double> sizes(static_cast<std::size_t>(count), 8192);
  const std::vector<std::string> labels{"datname", "relname"};
  return {{"scans_total", "", MetricType::counter, labels, count > 0 ? Samples(rows, scans) : Samples()},
          {"size_bytes", "", MetricType::gauge, labels, count > 0 ? Samples(rows, sizes) : Samples()}};
}

TEST(MergedFamilies, HaveTheSeriesOfEveryDatabaseAndShareTheirRows) {
  const std::vector<Family> merged = merge_families({reading("a", 2), reading("empty", 0), reading("b", 1)});
  ASSERT_EQ(merged.size(), 2U);
  ASSERT_EQ(merged[0].samples.size(), 3U);
  EXPECT_THAT(merged[0].samples[2].label_values, ElementsAre("b", "t0"));
  EXPECT_EQ(merged[1].samples[0].value, 8192);
  EXPECT_EQ(merged[0].samples.rows(), merged[1].samples.rows());
}

TEST(MergedFamilies, OfASingleDatabaseAreNotCopied) {
  const std::vector<Family> one = reading("a", 2);
  const std::vector<Family> merged = merge_families({one});
  EXPECT_EQ(merged[0].samples.rows(), one[0].samples.rows());
}

TEST(MergedFamilies, OfDifferentReadersAreRefused) {
  std::vector<Family> other = reading("b", 1);
  other[0].name = "something_else";
  EXPECT_THROW(merge_families({reading("a", 1), other}), Error);
  other = reading("b", 1);
  other[0].label_names.back() = "another_label";
  EXPECT_THROW(merge_families({reading("a", 1), other}), Error);
}

TEST(MergedFamilies, WithoutValuesKeepTheirSubjects) {
  const std::vector<Family> read = reading("a", 2);
  const std::vector<Family> forgotten = without_values(shape_of(read), subjects_of(read));
  EXPECT_EQ(forgotten[1].name, "size_bytes");
  ASSERT_EQ(forgotten[0].samples.size(), 2U);
  EXPECT_TRUE(std::isnan(forgotten[0].samples[1].value));
  EXPECT_THAT(forgotten[0].samples[1].label_values, ElementsAre("a", "t1"));
}

TEST(LimitedSeries, AreCutFromTheEndOfEachFamilyAndCounted) {
  std::vector<Family> families = reading("a", 10);
  EXPECT_EQ(limit_series(families, 20), 0U);
  EXPECT_EQ(limit_series(families, 8), 12U);
  ASSERT_EQ(families[0].samples.size(), 4U);
  EXPECT_THAT(families[0].samples[3].label_values, ElementsAre("a", "t3"));
  EXPECT_EQ(families[0].samples.rows(), families[1].samples.rows());
  EXPECT_EQ(limit_series(families, 1), 8U);
  EXPECT_TRUE(families[0].samples.empty());
}

}  // namespace
}  // namespace pgvigil
