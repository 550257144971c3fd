#pragma once

#include <string>
#include <vector>

#include "core/sample.h"

namespace pgvigil {

struct RenderedText {
  std::string text;
  std::size_t duplicates = 0;  // series that stood twice in a family and were left out the second time
};

// Writes families in the Prometheus text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Unknown values (NaN) and
// families without samples leave no trace.
RenderedText render_text(const std::vector<Family>& families);

}  // namespace pgvigil
