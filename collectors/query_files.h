#pragma once

#include <filesystem>
#include <vector>

#include "core/yaml_value.h"

namespace pgvigil {

// The files that one item of `queries` names: a file, the *.yaml and *.yml of a folder, or a pattern with * ? [ ].
// Relative to the folder of the file that the item stands in; sorted. Reports at the item what matches nothing.
std::vector<std::filesystem::path> query_files(const YamlValue& item);

}  // namespace pgvigil
