#pragma once

#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "alerts/evaluator.h"
#include "alerts/rule_test/series_values.h"
#include "core/yaml_section.h"

namespace pgvigil {

// One test of `pgvigil rules test FILE`: what collectors report step by step, and what the alerts of one rule must then
// be, on virtual time that begins at `start` (seconds since
// 1970; by default 0).
//
//   - name: a gap must not resolve it
//     rule: disk-used
//     interval: 15s
//     input:
//       - { series: 'pg_disk_free_bytes{mount="/"}', values: '30x8 15x30 errorx8 15x4 25x20' }
//       - { series: 'pg_disk_size_bytes{mount="/"}', values: '100x80' }
//     expect:
//       - { at: 8m, state: firing, level: warning, labels: { mount: / }, summary~: "85" }
//       - { at: 11m, state: firing, flags: [stale] }
//       - { restart_at: 11m30s }
//       - { at: 18m, state: ok }
//     notifications:
//       - { to: slack-ops, kinds: [trigger, resolve] }
//
// The series of one metric are what one collector reports; `error` in one of them is a failed run. After its last step
// a series stays as it is. Metrics that the rule reads and no input names are reported without series. `exact: true`
// in an expectation: the labels are all that the subject has.
struct RuleTest {
  struct Input {
    std::string metric;
    Labels labels;
    std::vector<SeriesStep> steps;
  };
  enum class State { ok, pending, firing };
  struct Expectation {
    std::string where;  // FILE:LINE:COLUMN
    milliseconds at{0};
    bool restart = false;  // nothing is expected: the agent is restarted
    State state = State::ok;
    std::optional<Level> level;
    Labels labels;       // that the subject has, among others
    bool exact = false;  // it has no others
    std::set<std::string> flags;
    std::optional<std::pair<std::string, std::regex>> summary;  // as it is written, and what finds it
  };
  struct Messages {
    std::string where;
    std::string channel;
    std::vector<std::string> kinds;
  };
  std::string where;
  std::string name;
  std::string rule;
  milliseconds interval{15'000};
  WallTime start;
  std::vector<Input> input;
  std::vector<Expectation> expect;  // in the order of time
  std::vector<Messages> messages;
};

// Reads the list `tests` of a test file. What is wrong is reported through the section.
std::vector<RuleTest> decode_rule_tests(Section& root, const std::vector<Rule>& rules);

// What is not as expected, as FILE:LINE:COLUMN: message; empty when all is well. `setup` has the rules, routes and
// channels.
std::vector<std::string> run_rule_test(const RuleTest& test, const Evaluator::Setup& setup);

}  // namespace pgvigil
