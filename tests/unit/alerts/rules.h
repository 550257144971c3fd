#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "alerts/rule.h"
#include "core/snapshot.h"
#include "core/text.h"
#include "core/yaml_section.h"

// Shared by the tests of alerts: rules from YAML, snapshots from a few values.
namespace pgvigil {

// The rule that `yaml` (the members of one entry) describes; a failure of the test when it is not a good one.
inline Rule make_rule(const std::string& yaml) {
  Problems problems;
  auto section = Section::parse(yaml, "rule.yaml", problems);
  auto rule = section ? decode_rule(*section) : std::nullopt;
  for (const std::string& line : problems.lines()) ADD_FAILURE() << line;
  return rule.value_or(Rule{});
}

struct Series {
  std::vector<std::string> label_values;
  double value = 0;
};

inline SnapshotPtr make_snapshot(const std::string& task, std::uint64_t run, SteadyTime taken_at,
                                 const std::string& metric, std::vector<std::string> label_names,
                                 const std::vector<Series>& series) {
  Snapshot snapshot;
  snapshot.task = task;
  snapshot.run = run;
  snapshot.taken_at = taken_at;
  snapshot.valid_for = seconds(60);
  Family family{metric, "", MetricType::gauge, std::move(label_names), {}};
  for (const Series& one : series) family.samples.push_back({one.label_values, one.value});
  snapshot.families.push_back(std::move(family));
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

}  // namespace pgvigil
