#include "collectors/table_rules/table_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "collectors/table_rules/subject_table.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

AlertRow row() {
  return {"1", "High Connection Usage", "SELECT 1", "80", ">", "warning", "[]"};
}

TableRule rule(const AlertRow& from) {
  return std::get<TableRule>(check_row(from));
}

std::string problem(const AlertRow& from) {
  const auto checked = check_row(from);
  const auto* text = std::get_if<std::string>(&checked);
  return text == nullptr ? "" : *text;
}

TEST(TableRules, CompareAsTheRowSays) {
  struct Case {
    const char* comparison;
    double below, at, above;
  };
  for (const auto& [comparison, below, at, above] :
       std::vector<Case>{{">", 0, 0, 1}, {"<", 1, 0, 0}, {"=", 0, 1, 0}, {">=", 0, 1, 1}, {"<=", 1, 1, 0}}) {
    AlertRow from = row();
    from.comparison = comparison;
    EXPECT_EQ(rule(from).crossed(79.5), below) << comparison;
    EXPECT_EQ(rule(from).crossed(80), at) << comparison;
    EXPECT_EQ(rule(from).crossed(80.5), above) << comparison;
    EXPECT_TRUE(std::isnan(rule(from).crossed(nan))) << comparison;
  }
}

TEST(TableRules, OnlyACriticalRowIsCritical) {
  AlertRow from = row();
  EXPECT_EQ(rule(from).crossed(100), 1);
  from.level = "info";
  EXPECT_EQ(rule(from).crossed(100), 1);
  from.level = "critical";
  EXPECT_EQ(rule(from).crossed(100), 2);
  EXPECT_EQ(rule(from).crossed(0), 0);
}

TEST(TableRules, TheChannelsOfARowAreALabel) {
  AlertRow from = row();
  EXPECT_EQ(rule(from).notify, "");
  from.channels = R"(["slack", "mail"])";
  EXPECT_EQ(rule(from).notify, "mail,slack");
}

TEST(TableRules, WhatIsWrongWithARowIsSaid) {
  const auto with = [](std::string AlertRow::*member, const char* value) {
    AlertRow from = row();
    from.*member = value;
    return problem(from);
  };
  for (const char* text : {"<>", "> 0 OR 1=1; DROP TABLE x; --", "", "=="}) {
    EXPECT_THAT(with(&AlertRow::comparison, text), HasSubstr("comparison_operator is")) << text;
  }
  EXPECT_THAT(with(&AlertRow::level, "fatal"), HasSubstr("alert_level is 'fatal'"));
  EXPECT_THAT(with(&AlertRow::threshold, "NaN"), HasSubstr("no finite number"));
  for (const char* text : {"{}", "7", "null", "[1]", R"([""])", "[", R"("slack")"}) {
    EXPECT_THAT(with(&AlertRow::channels, text), HasSubstr("notification_channels")) << text;
  }
  EXPECT_THAT(with(&AlertRow::name, " "), HasSubstr("alert_name"));
  EXPECT_THAT(with(&AlertRow::query, ""), HasSubstr("metric_query"));
}

TEST(TableRules, SubjectsWithOtherLabelsStandInOneFamily) {
  const auto families = table_rule_families({{{{"alert", "a"}, {"alert_level", "warning"}}, 5, 0},
                                             {{{"alert", "b"}, {"alert_level", "critical"}, {"queue", "mail"}}, 7, 2}},
                                            {{"a", "warning", true}, {"b", "critical", true}});
  ASSERT_EQ(families.size(), 3U);
  EXPECT_EQ(families[0].name, "pgvigil_table_rule_crossed");
  EXPECT_THAT(families[0].label_names, ElementsAre("alert", "alert_level", "notify", "queue"));
  EXPECT_THAT(families[0].samples[0].label_values, ElementsAre("a", "warning", "", ""));
  EXPECT_THAT(families[0].samples[1].label_values, ElementsAre("b", "critical", "", "mail"));
  EXPECT_EQ(families[0].samples[1].value, 2);
  EXPECT_EQ(families[1].samples[1].value, 7);
}

TEST(TableRules, TheStatusOfANameIsThatOfItsWorstRow) {
  const auto families = table_rule_families({}, {{"a", "warning", true}, {"a", "warning", false}});
  ASSERT_EQ(families[2].samples.size(), 1U);
  EXPECT_EQ(families[2].samples[0].value, 0);
  EXPECT_TRUE(families[0].samples.empty());
}

}  // namespace
}  // namespace pgvigil
