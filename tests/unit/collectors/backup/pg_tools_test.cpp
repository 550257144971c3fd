#include "collectors/backup/pg_tools.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

PgTools tools(int major) {
  return {"/usr/lib/postgresql/" + std::to_string(major) + "/bin", major, std::to_string(major) + ".1"};
}

TEST(ParseToolVersion, ReadsWhatTheProgramsPrint) {
  const auto debian = parse_tool_version("pg_dump (PostgreSQL) 15.18 (Debian 15.18-1.pgdg120+1)\n");
  ASSERT_TRUE(debian);
  EXPECT_EQ(debian->first, 15);
  EXPECT_EQ(debian->second, "15.18 (Debian 15.18-1.pgdg120+1)");
  EXPECT_EQ(parse_tool_version("initdb (PostgreSQL) 18beta2")->first, 18);
}

TEST(ParseToolVersion, RefusesAnythingElse) {
  EXPECT_FALSE(parse_tool_version(""));
  EXPECT_FALSE(parse_tool_version("pg_dump 15.18"));
  EXPECT_FALSE(parse_tool_version("pg_dump (PostgreSQL) devel"));
}

TEST(ChooseTools, TakesTheServersOwnMajorVersion) {
  EXPECT_EQ(choose_tools({tools(17), tools(15), tools(16)}, 15), tools(15));
}

TEST(ChooseTools, TakesTheLowestNewerOneWhenTheServersIsNotInstalled) {
  EXPECT_EQ(choose_tools({tools(18), tools(15), tools(17)}, 16), tools(17));
}

TEST(ChooseTools, NeverTakesAnOlderOne) {
  EXPECT_FALSE(choose_tools({tools(13), tools(15)}, 16));
  EXPECT_FALSE(choose_tools({}, 15));
}

}  // namespace
}  // namespace pgvigil
