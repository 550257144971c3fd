#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pgvigil {

using LabelSet = std::map<std::string, std::string>;

// The series of a page, by name and labels. Labels with an empty value are not there, as for Prometheus; nor are series
// whose value is NaN.
using Exposition = std::map<std::string, std::map<LabelSet, double>>;

// Reads a page in the Prometheus text format. Throws on a line that is none.
Exposition parse_exposition(std::string_view page);

}  // namespace pgvigil
