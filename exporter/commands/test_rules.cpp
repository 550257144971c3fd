#include <fmt/format.h>

#include <cstdio>

#include "alerts/options.h"
#include "alerts/rule_test/rule_test.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

struct Count {
  std::size_t good = 0;
  std::size_t bad = 0;
};

// False when the file cannot be used.
bool run_file(const std::string& file, Count& count) {
  Problems problems;
  auto root = Section::load(file, problems);
  std::vector<RuleTest> tests;
  AlertOptions options;
  if (root) {
    options = decode_alerts(*root);
    tests = decode_rule_tests(*root, options.rules);
    root->finish();
  }
  for (const std::string& line : problems.lines()) fmt::print(stderr, "{}\n", line);
  if (!problems.empty()) return false;
  const Evaluator::Setup setup = options.evaluator_setup();
  for (const RuleTest& test : tests) {
    const std::vector<std::string> failures = run_rule_test(test, setup);
    for (const std::string& failure : failures) fmt::print("{}\n", failure);
    ++(failures.empty() ? count.good : count.bad);
  }
  return true;
}

}  // namespace

int test_rules(const std::vector<std::string>& files) {
  Count count;
  bool usable = true;
  for (const std::string& file : files) usable = run_file(file, count) && usable;
  fmt::print("{} tests passed, {} failed\n", count.good, count.bad);
  if (!usable) return unusable_config;
  return count.bad == 0 ? all_good : problems_found;
}

}  // namespace pgvigil
