#pragma once

#include <string>
#include <vector>

#include "core/yaml_section.h"

namespace pgvigil {

// Which databases are walked: those that match a pattern of `include` and none of `exclude`. Patterns as in a shell: *
// for any text, ? for one character, [ab] for one of several.
struct DatabaseFilter {
  std::vector<std::string> include{"*"};
  std::vector<std::string> exclude;

  bool accepts(const std::string& database) const;
};

// The section `databases`.
DatabaseFilter decode_database_filter(Section& section);

}  // namespace pgvigil
