#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/yaml_section.h"

namespace pgvigil {

// `override` of the section `alerts`: what is to be different about rules that are built in or come from a file.
//
//   override:
//     disk-used: { critical: { above: 93% }, no_data: fire }
//     long-query: { critical: ~ }                               # no critical level
//
// Only what differs is written; what comes out is read and checked like any other rule. Lives while a configuration is
// decoded.
class RuleOverrides {
 public:
  RuleOverrides() = default;
  // Reads the key `override`; what is wrong is reported through the section.
  explicit RuleOverrides(Section& alerts);

  // The entry of a rule, with what is said about its id.
  Section apply(Section rule);

  // Reports every id that apply() has not met. `ids`: of all rules there are.
  void report_unused(const std::vector<std::string>& ids) const;

 private:
  struct Patch {
    YamlValue value;
    bool used = false;
  };
  std::map<std::string, Patch, std::less<>> patches_;
};

}  // namespace pgvigil
