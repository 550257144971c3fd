#include "alerts/options.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

struct Decoded {
  AlertOptions options;
  std::vector<std::string> problems;
};

Decoded decode(const std::string& yaml, const std::string& name = "f.yaml") {
  Problems problems;
  Decoded result;
  auto root = Section::parse(yaml, name, problems);
  if (root) {
    result.options = decode_alerts(*root);
    root->finish();
  }
  result.problems = problems.lines();
  return result;
}

// The problems of one rule, given by its members.
std::vector<std::string> problems_of_rule(const std::string& members) {
  return decode("alerts:\n  builtin_rules: false\n  rules:\n    - { " + members + " }\n").problems;
}

const Rule* find(const std::vector<Rule>& rules, std::string_view id) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
  return found == rules.end() ? nullptr : &*found;
}

using Lines = std::vector<std::string>;

TEST(AlertOptions, WithoutASectionTheBuiltInRulesAreOn) {
  const Decoded decoded = decode("");
  EXPECT_EQ(decoded.problems, Lines{});
  EXPECT_NE(find(decoded.options.rules, "pg-down"), nullptr);
  EXPECT_NE(find(decoded.options.rules, "backup-age"), nullptr);
  EXPECT_FALSE(decoded.options.instance.empty());
  EXPECT_EQ(decoded.options.interval, seconds(10));
}

TEST(AlertOptions, EveryBuiltInRuleTellsPeopleWhatToDo) {
  for (const Rule& rule : decode("").options.rules) {
    const TemplateValues values{"subject", "db1", Level::critical, 1, 1, {}};
    EXPECT_FALSE(rule.summary.render(values).empty()) << rule.id;
    EXPECT_FALSE(rule.description.render(values).empty()) << rule.id;
    EXPECT_FALSE(rule.runbook.empty()) << rule.id;
  }
}

TEST(AlertOptions, ARuleOfTheUserReplacesTheBuiltInOneWithItsId) {
  const Decoded decoded = decode(R"(
alerts:
  rules:
    - id: idle-in-transaction
      expr: pg_stat_activity_idle_in_transaction_max_seconds
      warning: { above: 5s }
      summary: short
)");
  EXPECT_EQ(decoded.problems, Lines{});
  const Rule* rule = find(decoded.options.rules, "idle-in-transaction");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->thresholds[0]->bound, 5);
  EXPECT_FALSE(rule->thresholds[1].has_value());
  EXPECT_EQ(decoded.options.rules.size(), decode("").options.rules.size());
}

TEST(AlertOptions, BuiltInRulesCanBeSwitchedOff) {
  EXPECT_EQ(find(decode("alerts: { disable: [pg-down] }").options.rules, "pg-down"), nullptr);
  EXPECT_TRUE(decode("alerts: { builtin_rules: false }").options.rules.empty());
  EXPECT_EQ(decode("alerts: { disable: [pg-dwon] }").problems,
            Lines{"f.yaml:1:21: there is no rule pg-dwon; did you mean pg-down?"});
}

TEST(AlertOptions, ReadsRuleFilesBesideTheFileThatNamesThem) {
  const TempDir folder;
  folder.write("rules.d/extra.yaml", "rules:\n  - { id: extra, expr: 'x > 1', level: warning, summary: s }\n");
  const Decoded decoded = decode("alerts: { rule_files: [rules.d/extra.yaml] }", (folder / "main.yaml").string());
  EXPECT_EQ(decoded.problems, Lines{});
  EXPECT_NE(find(decoded.options.rules, "extra"), nullptr);
}

TEST(AlertOptions, AProblemInARuleFileNamesThatFile) {
  const TempDir folder;
  const std::string file =
      folder.write("extra.yaml", "rules:\n  - { id: extra, expr: 'x >', level: warning, summary: s }\n");
  const Decoded decoded = decode("alerts: { rule_files: [extra.yaml] }", (folder / "main.yaml").string());
  EXPECT_EQ(decoded.problems, Lines{file + ":2:24: at character 4 of the expression: the expression ends too early"});
}

TEST(AlertOptions, AnIdStandsOnceAmongTheUsersRules) {
  const Decoded decoded = decode(R"(alerts:
  rules:
    - { id: a, expr: "x > 1", level: warning, summary: s }
    - { id: a, expr: "x > 2", level: warning, summary: s }
)");
  EXPECT_EQ(decoded.problems, Lines{"f.yaml:4:7: the id a is taken by the rule at f.yaml:3:7"});
}

TEST(AlertOptions, AllProblemsAreReportedAtOnce) {
  const Decoded decoded = decode(R"(alerts:
  interval: 1
  chanels: []
  rules:
    - { id: Bad, expr: "x{", warning: { above: 1 } }
)");
  EXPECT_EQ(decoded.problems.size(), 5U) << ::testing::PrintToString(decoded.problems);
}

TEST(RuleDecoding, TakesUnitsInThresholds) {
  const Decoded decoded = decode(R"(
alerts:
  builtin_rules: false
  rules:
    - id: a
      expr: x{y="z"}
      warning: { above: 10GB, clear: 8GB, for: 5m }
      critical: { above: 1TB }
      clear_for: 2m
      no_data: fire
      labels: { team: dba }
      summary: s
)");
  EXPECT_EQ(decoded.problems, Lines{});
  const Rule& rule = decoded.options.rules.at(0);
  EXPECT_EQ(rule.thresholds[0]->bound, 10.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(rule.thresholds[0]->clear_bound, 8.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(rule.policy.hold_for[0], std::chrono::minutes(5));
  EXPECT_EQ(rule.policy.hold_for[1], seconds(0));
  EXPECT_EQ(rule.policy.clear_for, std::chrono::minutes(2));
  EXPECT_EQ(rule.policy.no_data, NoData::fire);
  EXPECT_EQ(rule.labels, (Labels{{"team", "dba"}}));
}

TEST(RuleDecoding, BelowIsTheMirrorOfAbove) {
  const Decoded decoded = decode(
      "alerts: { builtin_rules: false, rules: [{ id: a, expr: x, warning: { below: 3, clear: 5 }, summary: s }] }");
  const Rule& rule = decoded.options.rules.at(0);
  const auto observe = [&](double value) { return rule.observe(promql::Element{{}, value}).levels[0]; };
  EXPECT_EQ(observe(2).enters, Truth::yes);
  EXPECT_EQ(observe(3).enters, Truth::no);
  EXPECT_EQ(observe(4).stays, Truth::yes);
  EXPECT_EQ(observe(5).stays, Truth::no);
}

TEST(RuleDecoding, SaysWhatIsWrongAndWhatIsAllowed) {
  struct Case {
    std::string members, problem;
  };
  const std::string where = "f.yaml:4:7: ";
  for (const Case& row : std::vector<Case>{
           {"id: a, warning: { above: 1 }, summary: s", where + "expr is missing"},
           {"id: a, expr: x, summary: s",
            where + "warning: or critical: is missing, or level: for an expr that is a condition"},
           {"id: a, expr: x, level: warning, critical: { above: 1 }, summary: s",
            where + "level: excludes warning: and critical:; it belongs to an expr that is a condition"},
           {"id: a, expr: x, warning: { above: 1 }", where + "summary is missing"},
           {"expr: x, warning: { above: 1 }, summary: s", where + "id is missing"},
           {"id: a, expr: 'x > bool 1', level: warning, summary: s",
            "f.yaml:4:22: a condition with bool always holds; leave bool out, or use warning: and critical:"},
           {"id: a, expr: x, critical: { above: 1 }, warning: { above: 2 }, summary: s",
            where + "critical must lie beyond warning"},
           {"id: a, expr: x, critical: { below: 1 }, warning: { above: 2 }, summary: s",
            where + "warning and critical must both be above or both be below"},
           {"id: A_b, expr: x, warning: { above: 1 }, summary: s",
            "f.yaml:4:13: id takes lower-case letters, digits and hyphens"},
           {"id: a, expr: x, warning: { above: 1, clear: 2 }, summary: s",
            "f.yaml:4:53: clear must be at most the threshold"},
           {"id: a, expr: x, warning: { for: 1m }, summary: s", "f.yaml:4:34: above: or below: is missing"},
           {"id: a, expr: time(), level: warning, summary: s",
            "f.yaml:4:22: a condition is an instant vector: the subjects for which it holds, such as pg_up == 0"},
           {"id: a, expr: x, warning: { above: 1 }, summary: '{{x}}'",
            "f.yaml:4:57: summary, at character 1: {{x}} is not known; allowed are subject, instance, level, value, "
            "threshold, label.NAME"},
       }) {
    EXPECT_EQ(problems_of_rule(row.members), Lines{row.problem}) << row.members;
  }
}

TEST(RuleDecoding, RefusesKeysThatItDoesNotKnow) {
  EXPECT_EQ(problems_of_rule("id: a, expr: x, warning: { above: 1 }, summary: s, sumary: t").size(), 1U);
  EXPECT_EQ(problems_of_rule("id: a, expr: x, for: 1m, warning: { above: 1 }, summary: s").size(), 1U);
}

TEST(ChannelDecoding, ReadsBothKinds) {
  const Decoded decoded = decode(R"(
alerts:
  channels:
    - { name: ops, kind: slack, webhook_url: "https://hooks.slack.com/services/T/B/x" }
    - { name: pager, kind: pagerduty, routing_key: "0123456789abcdef0123456789abcdef", min_level: critical }
)");
  EXPECT_EQ(decoded.problems, Lines{});
  ASSERT_EQ(decoded.options.channels.size(), 2U);
  const auto policies = decoded.options.evaluator_setup().channels;
  EXPECT_EQ(policies[0].min_level, Level::warning);
  EXPECT_FALSE(policies[0].level_in_key);
  EXPECT_EQ(policies[1].min_level, Level::critical);
  EXPECT_TRUE(policies[1].level_in_key);
}

TEST(ChannelDecoding, TakesSecretsFromFiles) {
  const TempDir folder;
  folder.write("key", "0123456789abcdef0123456789abcdef\n");
  const Decoded decoded = decode("alerts: { channels: [{ name: p, kind: pagerduty, routing_key_file: key }] }",
                                 (folder / "main.yaml").string());
  EXPECT_EQ(decoded.problems, Lines{});
}

TEST(ChannelDecoding, SaysWhatIsWrongWithoutShowingASecret) {
  struct Case {
    std::string members, problem;
  };
  for (const Case& row : std::vector<Case>{
           {"kind: slack, webhook_url: 'http://h/secret'", "plain http would show"},
           {"kind: slack, webhook_url: 'hooks/secret'", "an address that begins with https://"},
           {"kind: slack, webhook_url: 'https://'", "an address that begins with https://"},
           {"kind: slack", "webhook_url: or webhook_url_file: is missing"},
           {"kind: pagerduty, routing_key: secret", "a routing key has 32 characters; this one has 6"},
           {"kind: pagerduty", "routing_key: or routing_key_file: is missing"},
           {"kind: pager", "allowed is slack, pagerduty"},
           {"webhook_url: 'https://h/secret'", "kind is missing"},
           {"kind: slack, webhook_url: 'https://h/secret', wehbook: 1", "wehbook"},
           {"kind: slack, webhook_url: 'https://h/secret', min_level: info", "allowed is warning, critical"},
       }) {
    const Lines problems = decode("alerts: { channels: [{ name: c, " + row.members + " }] }").problems;
    ASSERT_EQ(problems.size(), 1U) << row.members << ::testing::PrintToString(problems);
    EXPECT_NE(problems[0].find(row.problem), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("secret"), std::string::npos) << problems[0];
  }
}

TEST(ChannelDecoding, PlainHttpNeedsPermission) {
  EXPECT_EQ(
      decode("alerts: { channels: [{ name: c, kind: slack, webhook_url: 'http://h/x', allow_http: true }] }").problems,
      Lines{});
}

TEST(ChannelDecoding, NamesAreUnique) {
  const Decoded decoded = decode(R"(alerts:
  channels:
    - { name: c, kind: slack, webhook_url: "https://h/x" }
    - { name: c, kind: slack, webhook_url: "https://h/y" }
)");
  EXPECT_EQ(decoded.problems, Lines{"f.yaml:4:7: two channels have the name c"});
}

}  // namespace
}  // namespace pgvigil
