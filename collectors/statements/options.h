#pragma once

#include <cstddef>

#include "core/yaml_section.h"

namespace pgvigil {

// The section `collectors: statements:`.
struct StatementOptions {
  std::size_t top = 50;          // the first by each criterion have series of their own …
  std::size_t statements = 200;  // … but never more than these
  bool texts = false;            // whether /metrics has their texts
  std::size_t text_bytes = 1000;
  bool compat = true;  // also the names that older dashboards of postgres_exporter ask for
};

StatementOptions decode_statements(Section& section);

}  // namespace pgvigil
