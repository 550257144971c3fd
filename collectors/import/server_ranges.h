#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/version_range.h"

namespace pgvigil {

// For which of the server versions that pgvigil knows (13 and later, by major version) an imported query is meant.
struct ServerRanges {
  std::vector<VersionRange> any_of;  // none: for older servers only
  bool exact = true;                 // false: a minor version was rounded to its major version
  bool understood = true;
};

// postgres_exporter's `runonserver`: ">=9.6.0 <10.0.0 || >=12.0.0".
ServerRanges from_semver(std::string_view text);

// pg_exporter's min_version (included) and max_version (not included) as in server_version_num; "0" or "" is no bound.
ServerRanges from_version_numbers(std::string_view min_version, std::string_view max_version);

}  // namespace pgvigil
