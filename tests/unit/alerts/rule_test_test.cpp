#include "alerts/rule_test/rule_test.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "alerts/options.h"
#include "core/text.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string steps(const std::string& text) {
  const auto parsed = parse_series_values(text);
  if (const auto* problem = std::get_if<std::string>(&parsed)) return *problem;
  std::vector<std::string> words;
  for (const SeriesStep& step : std::get<std::vector<SeriesStep>>(parsed)) {
    if (step.kind == SeriesStep::Kind::missing) words.emplace_back("_");
    if (step.kind == SeriesStep::Kind::error) words.emplace_back("error");
    if (step.kind == SeriesStep::Kind::value)
      words.push_back(std::isnan(step.value) ? "NaN" : fmt::format("{}", step.value));
  }
  return join(words, " ");
}

TEST(SeriesValues, AreReadAsPromtoolReadsThem) {
  EXPECT_EQ(steps("5"), "5");
  EXPECT_EQ(steps("1+2x3"), "1 3 5 7");
  EXPECT_EQ(steps("10-2.5x2 -1"), "10 7.5 5 -1");
  EXPECT_EQ(steps("4x2"), "4 4 4");
  EXPECT_EQ(steps("1 _ _x2 stale 2"), "1 _ _ _ _ 2");
  EXPECT_EQ(steps("NaN 1e9"), "NaN 1000000000");
  EXPECT_EQ(steps("1 error errorx2"), "1 error error error");
}

TEST(SeriesValues, ThatAreWrongAreNamed) {
  for (const char* wrong : {"x3", "1+x3", "1+2", "1x", "1x2y", "errr", "_y"}) {
    EXPECT_THAT(steps(std::string("5 ") + wrong), HasSubstr(fmt::format("'{}' is none of", wrong)));
  }
}

// The problems of a test of the rule below, given by what is expected.
class RuleTests : public testing::Test {
 protected:
  std::vector<std::string> run(const std::string& values, const std::string& expectations) {
    const std::string yaml = R"(
alerts:
  builtin_rules: false
  rules:
    - { id: hot, expr: 'max by (room) (temperature)', warning: { above: 30, clear: 25, for: 1m }, critical: { above: 40 },
        summary: '{{label.room}}: {{value}}' }
  channels: [{ name: people, kind: slack, webhook_url: 'https://hooks.slack.com/services/T/B/X' }]
tests:
  - name: summer
    rule: hot
    interval: 15s
    input: [{ series: 'temperature{room="attic"}', values: ')" +
                             values + R"(' }]
)" + expectations;
    Problems problems;
    auto root = Section::parse(yaml, "t.yaml", problems);
    const AlertOptions options = decode_alerts(*root);
    const std::vector<RuleTest> tests = decode_rule_tests(*root, options.rules);
    root->finish();
    if (!problems.empty()) return problems.lines();
    return run_rule_test(tests.at(0), options.evaluator_setup());
  }
};

TEST_F(RuleTests, PassWhenAllIsAsExpected) {
  EXPECT_THAT(run("20x7 35x7 45x3 20x7", R"(
    expect:
      - { at: 1m45s, state: ok }
      - { at: 2m15s, state: pending, level: warning }
      - { at: 3m45s, state: firing, level: warning, labels: { room: attic }, exact: true, summary~: '^attic: 35$' }
      - { at: 4m30s, state: firing, level: critical }
      - { at: 6m, state: ok }
)"),
              IsEmpty());
}

TEST_F(RuleTests, SayWhatIsNotAsExpected) {
  const std::string values = "20x7 35x7 20x7";
  EXPECT_THAT(run(values, "    expect: [{ at: 3m45s, state: ok }]\n"),
              ElementsAre(HasSubstr("summer: at 3m45s: ok is expected, it is firing")));
  EXPECT_THAT(run(values, "    expect: [{ at: 3m45s, state: firing, level: critical }]\n"),
              ElementsAre(HasSubstr("critical is expected, it is warning")));
  EXPECT_THAT(run(values, "    expect: [{ at: 3m45s, state: firing, labels: { room: cellar } }]\n"),
              ElementsAre(HasSubstr("firing is expected, it is ok")));
  EXPECT_THAT(run(values, "    expect: [{ at: 3m45s, state: firing, summary~: cellar }]\n"),
              ElementsAre(HasSubstr("the summary 'attic: 35' does not match 'cellar'")));
  EXPECT_THAT(run(values, "    expect: [{ at: 3m45s, state: firing, flags: [stale] }]\n"),
              ElementsAre(HasSubstr("it is not stale")));
}

TEST_F(RuleTests, KnowThatAFailedCollectorSaysNothing) {
  EXPECT_THAT(run("35x9 errorx20 20x3", R"(
    expect:
      - { at: 2m15s, state: firing }
      - { at: 7m, state: firing, flags: [stale] }
      - { at: 8m, state: ok }
)"),
              IsEmpty());
}

TEST_F(RuleTests, KnowThatASeriesThatIsGoneIsGone) {
  EXPECT_THAT(run("35x9 _x20", "    expect: [{ at: 2m15s, state: firing }, { at: 5m, state: ok }]\n"), IsEmpty());
}

TEST_F(RuleTests, RestartTheAgent) {
  EXPECT_THAT(run("35x9 35x20 20x3", R"(
    expect:
      - { at: 2m15s, state: firing }
      - { restart_at: 2m20s }
      - { at: 2m30s, state: firing }
      - { at: 8m, state: ok }
    notifications: [{ to: people, kinds: [trigger, resolve] }]
)"),
              IsEmpty());
}

TEST_F(RuleTests, CompareTheMessagesOfAChannel) {
  EXPECT_THAT(
      run("35x9 20x9", "    expect: [{ at: 5m, state: ok }]\n    notifications: [{ to: people, kinds: [trigger] }]\n"),
      ElementsAre(HasSubstr("people is expected to get [trigger], and gets [trigger, resolve]")));
}

TEST_F(RuleTests, RefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(run("35x9 wrong", "    expect: []\n"), ElementsAre(HasSubstr("'wrong' is none of")));
  EXPECT_THAT(run("1", "    expect: [{ at: 1m, state: ok, stat: 1 }]\n"), ElementsAre(HasSubstr("stat")));
}

}  // namespace
}  // namespace pgvigil
