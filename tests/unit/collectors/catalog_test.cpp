#include "collectors/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto example = R"(
name: example
help: An example.
interval: 30s
timeout: 1s
metric_prefix: pg_example
variants:
  - when: { server: ">=17", role: primary }
    query: SELECT new
  - when: { server: "<17" }
    query: SELECT old
  - when: { extension: pg_stat_statements, extension_version: ">=1.10" }
    query: SELECT statements
columns:
  datname: { usage: label }
  size: { usage: gauge, help: "Size.", scale: 8192, metric: pg_example_size_bytes }
  calls_total: { usage: counter, help: "Calls.", server: ">=16" }
)";

class CatalogEntries : public testing::Test {
 protected:
  CatalogEntry decode(const std::string& yaml) {
    auto section = Section::parse(yaml, "x.yaml", problems_);
    return decode_catalog_entry(*section);
  }
  std::string chosen(const ServerFacts& facts) {
    const auto refuse = [](const std::string&) { return false; };
    const CatalogEntry entry = decode(example);
    const VariantChoice choice = choose_variant(entry, facts, {refuse, refuse, refuse});
    return choice.variant != nullptr ? choice.variant->query : choice.reason;
  }
  Problems problems_;
};

TEST_F(CatalogEntries, AreReadWithTheirColumns) {
  const CatalogEntry entry = decode(example);
  EXPECT_TRUE(problems_.empty());
  ASSERT_EQ(entry.columns.size(), 3U);
  EXPECT_TRUE(entry.columns[0].is_label());
  EXPECT_EQ(entry.columns[1].metric, "pg_example_size_bytes");
  EXPECT_EQ(entry.columns[1].scale, 8192);
  EXPECT_EQ(entry.columns[2].metric, "pg_example_calls_total");
  EXPECT_EQ(entry.columns_for(150000).size(), 2U);
  EXPECT_EQ(entry.columns_for(160000).size(), 3U);
}

TEST_F(CatalogEntries, UseTheFirstVariantThatFitsTheServer) {
  EXPECT_EQ(chosen({150018, false, "db", {}}), "SELECT old");
  EXPECT_EQ(chosen({170010, false, "db", {}}), "SELECT new");
  EXPECT_EQ(chosen({170010, true, "db", {{"pg_stat_statements", {"1.10", "public"}}}}), "SELECT statements");
}

TEST_F(CatalogEntries, SayWhyNoVariantFits) {
  const std::string reason = chosen({170010, true, "db", {{"pg_stat_statements", {"1.9", "public"}}}});
  EXPECT_THAT(reason, HasSubstr("only on a primary"));
  EXPECT_THAT(reason, HasSubstr("needs PostgreSQL <17"));
  EXPECT_THAT(reason, HasSubstr("needs pg_stat_statements >=1.10"));
  EXPECT_THAT(chosen({170010, true, "db", {}}), HasSubstr("CREATE EXTENSION pg_stat_statements"));
}

TEST_F(CatalogEntries, ReportEveryMistakeAtItsPlace) {
  decode(R"(name: wrong
help: x
metric_prefix: pg_wrong
variants:
  - when: { server: "17+", role: leader }
    query: SELECT 1
columns:
  a: { usage: histogram, help: x }
  b: { usage: gauge }
  c: { usage: gauge, help: x, metric: 9lives }
  __d: { usage: label }
  e: 5
)");
  EXPECT_THAT(
      problems_.lines(),
      ElementsAre(HasSubstr("x.yaml:5:21: '17+' is no version range"), HasSubstr("x.yaml:5:34: role is 'leader'"),
                  HasSubstr("x.yaml:8:15: usage is 'histogram'; allowed is label, gauge, counter, unknown, discard"),
                  HasSubstr("x.yaml:9:6: help is missing"), HasSubstr("'9lives' is no valid metric name"),
                  HasSubstr("'__d' is no valid label name"), HasSubstr("x.yaml:12:6: column e must be a map")));
}

TEST(BuiltInCatalog, IsWholeAndNoFamilyIsDefinedTwice) {
  EXPECT_GE(built_in_catalog().size(), 15U);
}

TEST(VersionRanges, CompareNumberByNumber) {
  EXPECT_TRUE(VersionRange::parse(">=1.9")->contains("1.10"));
  EXPECT_FALSE(VersionRange::parse(">=1.11")->contains("1.10"));
  EXPECT_TRUE(VersionRange::parse(">=14 <17")->contains_server(160004));
  EXPECT_FALSE(VersionRange::parse(">=14 <17")->contains_server(170000));
  EXPECT_TRUE(VersionRange().contains("anything"));
  for (const char* text : {"17", ">= 17", "=>17", ">=", "", "~>1"}) EXPECT_FALSE(VersionRange::parse(text)) << text;
}

}  // namespace
}  // namespace pgvigil
