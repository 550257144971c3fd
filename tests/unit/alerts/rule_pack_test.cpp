// The rules that are built in: each is complete, fires and clears, and has its place in the exported file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>

#include "alerts/options.h"
#include "alerts/prometheus_export.h"
#include "alerts/rule_test/rule_test.h"
#include "core/child_process.h"
#include "core/text.h"
#include "tests/support/runbooks.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

const std::filesystem::path source{SOURCE_DIR};

AlertOptions built_in() {
  Problems problems;
  auto empty = Section::parse("", "empty", problems);
  AlertOptions options = decode_alerts(*empty);
  EXPECT_EQ(join(problems.lines(), "\n"), "");
  return options;
}

std::set<std::string> built_in_ids() {
  std::set<std::string> ids;
  for (const Rule& rule : built_in().rules) ids.insert(rule.id);
  return ids;
}

// tests/rules/*.yaml
std::vector<RuleTest> shipped_tests() {
  std::vector<RuleTest> tests;
  const AlertOptions options = built_in();
  for (const auto& file : std::filesystem::directory_iterator(source / "tests" / "rules")) {
    Problems problems;
    auto root = Section::load(file.path(), problems);
    EXPECT_TRUE(root) << file.path();
    for (RuleTest& test : decode_rule_tests(*root, options.rules)) tests.push_back(std::move(test));
    root->finish();
    EXPECT_EQ(join(problems.lines(), "\n"), "");
  }
  return tests;
}

TEST(RulePack, IsThere) {
  EXPECT_GE(built_in_ids().size(), 70U);
}

TEST(RulePack, EveryRuleDoesWhatItsTestsSay) {
  const Evaluator::Setup setup = built_in().evaluator_setup();
  for (const RuleTest& test : shipped_tests()) EXPECT_EQ(join(run_rule_test(test, setup), "\n"), "");
}

TEST(RulePack, EveryRuleIsShownToFireAtEachLevelAndToClear) {
  std::map<std::string, std::set<Level>> fires;
  std::set<std::string> clears;
  for (const RuleTest& test : shipped_tests()) {
    bool fired = false;
    for (const RuleTest::Expectation& expectation : test.expect) {
      if (expectation.state == RuleTest::State::firing) fires[test.rule].insert(expectation.level.value());
      fired = fired || expectation.state == RuleTest::State::firing;
      if (fired && !expectation.restart && expectation.state == RuleTest::State::ok) clears.insert(test.rule);
    }
  }
  for (const Rule& rule : built_in().rules) {
    for (const Level level : all_levels) {
      const bool exists = rule.thresholds[index_of(level)] || rule.condition == level;
      EXPECT_EQ(fires[rule.id].contains(level), exists) << rule.id << " " << to_string(level);
    }
    EXPECT_TRUE(clears.contains(rule.id)) << rule.id;
  }
}

TEST(RulePack, EveryRuleHasARunbookAndEveryRunbookARule) {
  std::set<std::string> described;
  for (const Runbook& runbook : runbooks()) {
    described.insert(runbook.rule);
    for (const char* part : {"## What it means", "## What to do", "## What not to do", "## How it clears"}) {
      EXPECT_NE(runbook.text.find(part), std::string::npos) << runbook.rule << " lacks " << part;
    }
  }
  EXPECT_EQ(described, built_in_ids());
  for (const Rule& rule : built_in().rules) EXPECT_EQ(rule.runbook, "docs/runbooks/" + rule.id + ".md");
}

// A summary that says "no data" or nothing where a label should stand helps nobody.
TEST(RulePack, SummariesNameLabelsThatTheTestsSeriesHave) {
  const AlertOptions options = built_in();
  for (const Rule& rule : options.rules) {
    std::set<std::string> named;
    for (const auto& part : rule.summary.parts()) {
      const auto* placeholder = std::get_if<MessageTemplate::Placeholder>(&part);
      if (placeholder != nullptr && placeholder->field == MessageTemplate::Field::label)
        named.insert(placeholder->label);
    }
    for (const RuleTest& test : shipped_tests()) {
      if (test.rule != rule.id) continue;
      for (const std::string& label : named) {
        const bool given = std::any_of(test.input.begin(), test.input.end(),
                                       [&](const RuleTest::Input& input) { return input.labels.contains(label); });
        EXPECT_TRUE(given) << rule.id << " speaks of the label " << label;
      }
    }
  }
}

TEST(PrometheusRules, OfTheBuiltInRulesAreInTheDashboards) {
  const auto file = source / "dashboards" / "prometheus" / "rules.yaml";
  const std::string rules = prometheus_rules(built_in().rules);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a test
  if (std::getenv("PGVIGIL_WRITE_DOCS") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << rules;
  }
  ASSERT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(slurp(file), rules) << "make it anew with PGVIGIL_WRITE_DOCS=1";
}

TEST(PrometheusRules, AreAcceptedByPrometheus) {
  const TempDir folder;
  const auto file = folder.write("rules.yaml", prometheus_rules(built_in().rules));
  const Output result = run({{"promtool", "check", "rules", file.string()}, {}, {}, {}}, std::chrono::seconds(60));
  EXPECT_EQ(result.status.code, 0) << result.text << result.status.error_output;
  EXPECT_THAT(result.text, testing::HasSubstr("SUCCESS"));
}

}  // namespace
}  // namespace pgvigil
