#include "alerts/sql_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/rule_table.h"

namespace pgvigil {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <typename Decode>
auto decode(const std::string& yaml, std::vector<std::string>& problems, Decode&& decode_section) {
  Problems reported;
  auto section = Section::parse(yaml, "rule.yaml", reported);
  auto result = decode_section(*section);
  problems = reported.lines();
  return result;
}

TEST(SqlRules, SayWhatIsReadWhereAndHowOften) {
  std::vector<std::string> problems;
  const SqlRule rule =
      decode("query: SELECT 1 AS value\nevery: 10m\ntimeout: 2s\ndatabase: app", problems, decode_sql_rule);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(rule.query, "SELECT 1 AS value");
  EXPECT_EQ(rule.every, minutes(10));
  EXPECT_EQ(rule.timeout, seconds(2));
  EXPECT_EQ(rule.database, "app");
  EXPECT_FALSE(rule.each_database);
}

TEST(SqlRules, AreReadInTheConnectedDatabaseUnlessTheySayOtherwise) {
  std::vector<std::string> problems;
  const SqlRule rule = decode("query: SELECT 1 AS value", problems, decode_sql_rule);
  EXPECT_EQ(rule.database, "");
  EXPECT_FALSE(rule.each_database);
  EXPECT_EQ(rule.every, minutes(1));
  EXPECT_TRUE(decode("query: SELECT 1\ndatabase: each", problems, decode_sql_rule).each_database);
}

TEST(SqlRules, WhatIsWrongIsSaid) {
  std::vector<std::string> problems;
  for (const auto& [yaml, said] : std::vector<std::pair<const char*, const char*>>{
           {"every: 1m", "query"},
           {"query: ''", "query is empty"},
           {"query: '  '", "query is empty"},
           {"query: SELECT 1\nevery: 1s\ntimeout: 5s", "timeout is longer than every"},
           {"query: SELECT 1\ntimeout: 5m", "timeout"},
           {"query: SELECT 1\nevry: 5m", "every"}}) {
    decode(yaml, problems, decode_sql_rule);
    EXPECT_THAT(problems, ElementsAre(HasSubstr(said))) << yaml;
  }
}

TEST(SqlRules, EveryRuleHasAMetricOfItsOwn) {
  EXPECT_EQ(sql_rule_metric("orders-stuck"), "pgvigil_rule_value_orders_stuck");
  EXPECT_EQ(sql_rule_metric("2nd"), "pgvigil_rule_value_2nd");
}

TEST(RuleTables, HaveDefaults) {
  std::vector<std::string> problems;
  const RuleTable table = decode("{}", problems, decode_rule_table);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(table.database, "");
  EXPECT_EQ(table.every, seconds(30));
  EXPECT_EQ(table.timeout, seconds(5));
  EXPECT_EQ(decode("database: app\nevery: 5m", problems, decode_rule_table).database, "app");
}

}  // namespace
}  // namespace pgvigil
