#pragma once

#include <string_view>
#include <vector>

namespace pgvigil {

// A file of the source tree that is part of the binary.
struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

const std::vector<EmbeddedFile>& embedded_catalog();  // collectors/catalog/*.yaml
const std::vector<EmbeddedFile>& embedded_rules();    // config/rules/*.yaml

}  // namespace pgvigil
