#include "alerts/prometheus_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/prometheus_expression.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string printed(const std::string& text) {
  const auto parsed = promql::Expression::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) return error->what;
  return prometheus_expression(std::get<promql::Expression>(parsed).root());
}

// The file for one rule, given by its members.
std::string exported(const std::string& members) {
  Problems problems;
  auto section = Section::parse("{ id: disk-used, " + members + " }", "f.yaml", problems);
  const auto rule = decode_rule(*section);
  EXPECT_TRUE(problems.empty()) << problems.lines().front();
  return prometheus_rules({rule.value()});
}

struct Printed {
  std::string ours;
  std::string theirs;
};

class PrometheusExpression : public testing::TestWithParam<Printed> {};

TEST_P(PrometheusExpression, SaysTheSame) {
  EXPECT_EQ(printed(GetParam().ours), GetParam().theirs);
  EXPECT_EQ(printed(printed(GetParam().ours)).find("expected"), std::string::npos);  // it can be read again
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, PrometheusExpression,
    testing::Values(Printed{"1 - (a / b)", "1 - a / b"},    //
                    Printed{"(1 - a) / b", "(1 - a) / b"},  //
                    Printed{"1 - (a - b)", "1 - (a - b)"},  //
                    Printed{"(a ^ 2) ^ 3", "(a ^ 2) ^ 3"},  //
                    Printed{"a ^ (2 ^ 3)", "a ^ 2 ^ 3"},    //
                    Printed{"-(a + b)", "-(a + b)"},        //
                    Printed{"(-a) ^ 2", "(-a) ^ 2"},        //
                    Printed{"a{x=\"1\",y=~\"q.*\"}", "a{x=\"1\",y=~\"q.*\"}"},
                    Printed{"rate(a[90s] offset 10m)", "rate(a[90s] offset 10m)"},
                    Printed{"(a or b) and c > 0.5", "(a or b) and c > 0.5"}, Printed{"a > bool 1", "a > bool 1"},
                    Printed{"predict_linear(a[6h], 3600) < 0", "predict_linear(a[6h], 3600) < 0"}));

// What speaks of one server here must not bring several together there.
INSTANTIATE_TEST_SUITE_P(
    ServersAreKeptApart, PrometheusExpression,
    testing::Values(Printed{"a and on() b == 1", "a and on (job, instance) b == 1"},
                    Printed{"a / on(m) group_left(x) b", "a / on (job, instance, m) group_left (x) b"},
                    Printed{"a * ignoring(m) b", "a * ignoring (m) b"}, Printed{"sum(a)", "sum by (job, instance) (a)"},
                    Printed{"max by (slot) (a)", "max by (job, instance, slot) (a)"},
                    Printed{"topk(2, a)", "topk by (job, instance) (2, a)"},
                    Printed{"sum without (x) (a)", "sum without (x) (a)"}));

TEST(PrometheusDuration, IsAsShortAsItCanBe) {
  EXPECT_EQ(prometheus_duration(std::chrono::hours(72)), "3d");
  EXPECT_EQ(prometheus_duration(std::chrono::minutes(90)), "90m");
  EXPECT_EQ(prometheus_duration(milliseconds(1500)), "1500ms");
  EXPECT_EQ(prometheus_duration(milliseconds(0)), "0s");
}

TEST(PrometheusRules, HaveAnAlertForEachLevel) {
  const std::string rules = exported(
      "expr: 1 - a, warning: { above: 80%, clear: 77%, for: 5m }, critical: { above: 90% }, clear_for: 2m, summary: x");
  EXPECT_THAT(rules, HasSubstr("      - alert: PgvigilDiskUsed\n        expr: \"1 - a > 0.8\"\n        for: 5m\n"
                               "        keep_firing_for: 2m\n        labels:\n          severity: warning\n"));
  EXPECT_THAT(rules, HasSubstr("expr: \"1 - a > 0.9\"\n        keep_firing_for: 2m\n"));
  EXPECT_THAT(rules, HasSubstr("# pgvigil ends this level at 0.77"));
}

TEST(PrometheusRules, OfAConditionAreTheCondition) {
  const std::string rules = exported("expr: a == 0 or b > 1, level: critical, summary: x");
  EXPECT_THAT(rules, HasSubstr("expr: \"a == 0 or b > 1\"\n        labels:\n          severity: critical\n"));
  EXPECT_THAT(rules, Not(HasSubstr("warning")));
}

TEST(PrometheusRules, OfAValueThatBindsLooselyHaveParentheses) {
  EXPECT_THAT(exported("expr: a and b, warning: { below: 3 }, summary: x"), HasSubstr("expr: \"(a and b) < 3\""));
}

TEST(PrometheusRules, OfAnEventGoOnUntilItIsResolved) {
  const std::string rules =
      exported("type: event, expr: 'changes(a[10m]) > 0', level: warning, resolve_after: 1h, summary: x");
  EXPECT_THAT(rules, HasSubstr("keep_firing_for: 1h\n"));
}

TEST(PrometheusRules, SpeakInPrometheusTemplates) {
  const std::string rules = exported(
      "expr: a, warning: { above: 1h }, summary: '{{label.job}} \"{{value|duration}}\" {{threshold|duration}}', "
      "description: '{{value|percent}} {{value|bytes}} {{level}}'");
  EXPECT_THAT(rules, HasSubstr(R"(summary: "{{ $labels.job }} \"{{ $value | humanizeDuration }}\" 1h")"));
  EXPECT_THAT(rules,
              HasSubstr(R"(description: "{{ $value | humanizePercentage }} {{ $value | humanize1024 }}B warning")"));
}

TEST(PrometheusRules, SayWhatPrometheusCannotDo) {
  EXPECT_THAT(exported("expr: a == 0, level: warning, no_data: fire, summary: x"), HasSubstr("add absent("));
  EXPECT_THAT(exported("expr: a, warning: { above: 1 }, m_of_n: 3/5, summary: x"), HasSubstr("m of the last n"));
}

}  // namespace
}  // namespace pgvigil
