#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml_section.h"

// How other exporters' files are read: as they stand, without replacing ${NAME}, which only our own files do. Pure.
namespace pgvigil {

// A scalar's text; "" for what is absent or none.
std::string source_text(Section& section, std::string_view key);
std::optional<double> source_number(Section& section, std::string_view key);

// Seconds as a duration within these limits; nullopt when the key is absent, no number or not above zero. Reports what
// is not carried over as it stands; 0 is the other exporters' "not set".
std::optional<milliseconds> source_seconds(Section& section, std::string_view key, milliseconds min, milliseconds max,
                                           Problems& report);

// Hands each member of the file to `read`, in their order: a query's name and its map. Reports what is no map.
void for_each_query(Section& root, Problems& report,
                    const std::function<void(const std::string& name, Section& query)>& read);

// The columns of a query, `metrics`: a list of maps with one member each, or one map. Name, its place, its description.
struct SourceColumn {
  std::string name;
  YamlValue place;
  Section section;
};
std::vector<SourceColumn> source_columns(Section& query, Problems& report);

}  // namespace pgvigil
