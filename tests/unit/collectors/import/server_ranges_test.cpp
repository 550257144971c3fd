#include "collectors/import/server_ranges.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace pgvigil {
namespace {

// "A or B", "never", with "about" for what was rounded and "?" for what was not understood.
std::string shown(const ServerRanges& ranges) {
  std::vector<std::string> parts;
  for (const VersionRange& range : ranges.any_of) parts.push_back(range.text().empty() ? "any" : range.text());
  std::string text = parts.empty() ? "never" : join(parts, " or ");
  if (!ranges.exact) text = "about " + text;
  return ranges.understood ? text : "?";
}

TEST(ServerRangesOfPostgresExporter, AreMajorVersions) {
  EXPECT_EQ(shown(from_semver(">=10.0.0")), "any");
  EXPECT_EQ(shown(from_semver(">=14.0.0")), ">=14");
  EXPECT_EQ(shown(from_semver("<17.0.0")), "<17");
  EXPECT_EQ(shown(from_semver(">=14.0.0 <17.0.0")), ">=14 <17");
  EXPECT_EQ(shown(from_semver(">=9.4.0 <9.6.0 || >= 15.0.0")), ">=15");
  EXPECT_EQ(shown(from_semver("<14.0.0||>=16.0.0")), "<14 or >=16");
  EXPECT_EQ(shown(from_semver("<10.0.0")), "never");
  EXPECT_EQ(shown(from_semver("<=9.6.12")), "never");
  EXPECT_EQ(shown(from_semver(">=14.2.0")), "about >=14");
  EXPECT_EQ(shown(from_semver("<14.2.0")), "about <15");
  EXPECT_EQ(shown(from_semver("15.x")), "about >=15 <16");
  EXPECT_EQ(shown(from_semver("!=15.0.0")), "?");
  EXPECT_EQ(shown(from_semver("newest")), "?");
}

TEST(ServerRangesOfPgExporter, IncludeTheLowerAndExcludeTheUpperBound) {
  EXPECT_EQ(shown(from_version_numbers("", "")), "any");
  EXPECT_EQ(shown(from_version_numbers("0", "0")), "any");
  EXPECT_EQ(shown(from_version_numbers("100000", "")), "any");
  EXPECT_EQ(shown(from_version_numbers("140000", "")), ">=14");
  EXPECT_EQ(shown(from_version_numbers("130000", "160000")), "<16");
  EXPECT_EQ(shown(from_version_numbers("140000", "170000")), ">=14 <17");
  EXPECT_EQ(shown(from_version_numbers("090600", "130000")), "never");
  EXPECT_EQ(shown(from_version_numbers("090600", "")), "any");
  EXPECT_EQ(shown(from_version_numbers("140005", "")), "about >=14");
  EXPECT_EQ(shown(from_version_numbers("", "150002")), "about <16");
  EXPECT_EQ(shown(from_version_numbers("v14", "")), "?");
}

}  // namespace
}  // namespace pgvigil
