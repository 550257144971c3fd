#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "collectors/catalog.h"
#include "core/yaml_section.h"

namespace pgvigil {

// What users' queries may not define again.
struct TakenNames {
  std::set<std::string, std::less<>> collectors;
  std::map<std::string, std::string, std::less<>> families;    // who has it: "the collector locks"
  std::map<std::string, std::string, std::less<>> beginnings;  // of names that are made as they come
  std::set<std::string, std::less<>> released;                 // free although they begin so

  void take(const CatalogEntry& entry);
  // A family, or with a _ at its end all whose names begin so.
  void take(const std::string& family, const std::string& owner);
  // Who has it; null: nobody.
  const std::string* owner_of(std::string_view family) const;
  void release(const CatalogEntry& entry);
};

// A collector of a user's own file.
struct CustomQuery {
  CatalogEntry entry;
  std::string where;       // FILE:LINE:COLUMN
  bool overrides = false;  // stands in the place of the built-in collector of the same name
};

struct CustomQueries {
  std::vector<CustomQuery> queries;
  std::vector<std::string> advice;  // FILE:LINE:COLUMN: what is allowed and misleading
};

// Reads the files that the list `queries` of a section names: catalogue entries, one a file or a list `collectors`.
// Reports at its place what is wrong: a collector or family that exists already, a reserved name, no value. `taken` are
// the collectors and families of the agent; an entry with `override: true` may take the place of one of `built_in`.
CustomQueries decode_custom_queries(Section& section, const std::vector<CatalogEntry>& built_in, TakenNames taken);

}  // namespace pgvigil
