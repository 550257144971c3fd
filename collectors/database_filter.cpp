#include "collectors/database_filter.h"

#include <fnmatch.h>

#include <algorithm>

namespace pgvigil {

namespace {

bool matches_one(const std::vector<std::string>& patterns, const std::string& database) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), database.c_str(), 0) == 0; });
}

}  // namespace

bool DatabaseFilter::accepts(const std::string& database) const {
  return matches_one(include, database) && !matches_one(exclude, database);
}

DatabaseFilter decode_database_filter(Section& section) {
  DatabaseFilter filter;
  if (section.has("include")) filter.include = section.texts("include");
  filter.exclude = section.texts("exclude");
  if (filter.include.empty()) section.fail("include is empty: no database would be read; leave it out for all of them");
  section.finish();
  return filter;
}

}  // namespace pgvigil
