#include "alerts/rule_override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "alerts/options.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* base = R"(alerts:
  builtin_rules: false
  rules:
    - id: disk-used
      expr: a
      warning: { above: 80%, clear: 77%, for: 5m }
      critical: { above: 90%, for: 1m }
      summary: "full"
  override:
)";

struct Decoded {
  std::optional<Rule> rule;
  std::vector<std::string> problems;
};

Decoded decode(const std::string& override_yaml) {
  Problems problems;
  auto root = Section::parse(base + override_yaml, "f.yaml", problems);
  const AlertOptions options = decode_alerts(*root);
  return {options.rules.empty() ? std::nullopt : std::optional(options.rules.front()), problems.lines()};
}

TEST(RuleOverrides, ChangeWhatTheySayAndLeaveTheRest) {
  const Decoded decoded = decode("    disk-used: { critical: { above: 93% }, no_data: fire }\n");
  EXPECT_THAT(decoded.problems, IsEmpty());
  const auto& critical = decoded.rule.value().thresholds[index_of(Level::critical)].value();
  EXPECT_DOUBLE_EQ(critical.bound, 0.93);
  EXPECT_EQ(decoded.rule->policy.hold_for[index_of(Level::critical)], std::chrono::minutes(1));
  EXPECT_DOUBLE_EQ(decoded.rule->thresholds[index_of(Level::warning)].value().bound, 0.8);
  EXPECT_EQ(decoded.rule->policy.no_data, NoData::fire);
}

TEST(RuleOverrides, TakeALevelAway) {
  const Decoded decoded = decode("    disk-used: { critical: ~ }\n");
  EXPECT_THAT(decoded.problems, IsEmpty());
  EXPECT_FALSE(decoded.rule.value().thresholds[index_of(Level::critical)]);
  EXPECT_TRUE(decoded.rule->thresholds[index_of(Level::warning)]);
}

TEST(RuleOverrides, AreCheckedLikeARuleAtTheirOwnPlace) {
  EXPECT_THAT(decode("    disk-used: { critical: { above: high } }\n").problems,
              ElementsAre(HasSubstr("f.yaml:10:37: 'high' is not a number")));
  EXPECT_THAT(decode("    disk-used: { criticl: { above: 1 } }\n").problems, ElementsAre(HasSubstr("criticl")));
}

TEST(RuleOverrides, OfARuleThatIsNotThereAreAProblem) {
  EXPECT_THAT(decode("    disk-usd: { no_data: fire }\n").problems,
              ElementsAre(HasSubstr("there is no rule disk-usd; did you mean disk-used?")));
}

TEST(RuleOverrides, CannotRenameARule) {
  EXPECT_THAT(decode("    disk-used: { id: other }\n").problems, ElementsAre(HasSubstr("cannot be changed")));
}

TEST(RuleOverrides, ReachBuiltInRules) {
  Problems problems;
  auto root = Section::parse("alerts: { override: { connections-used: { warning: { above: 70%, clear: 60% } } } }",
                             "f.yaml", problems);
  const AlertOptions options = decode_alerts(*root);
  EXPECT_THAT(problems.lines(), IsEmpty());
  const auto rule = std::find_if(options.rules.begin(), options.rules.end(),
                                 [](const Rule& one) { return one.id == "connections-used"; });
  ASSERT_NE(rule, options.rules.end());
  EXPECT_DOUBLE_EQ(rule->thresholds[index_of(Level::warning)].value().bound, 0.7);
}

}  // namespace
}  // namespace pgvigil
