#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/sample.h"

namespace pgvigil {

// A line of a file with samples that cannot be read.
struct SampleFileError {
  std::size_t line = 0;  // from 1
  std::string what;
};

// Reads the text format of /metrics, as far as rules need it: names, labels and values. Comments, types and timestamps
// are passed over. Series of one name that have different labels become one family with all of them.
std::variant<std::vector<Family>, SampleFileError> read_samples(std::string_view text);

}  // namespace pgvigil
