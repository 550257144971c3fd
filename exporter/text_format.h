#pragma once

#include <string>
#include <vector>

#include "core/sample.h"
#include "exporter/content_negotiation.h"
#include "exporter/exposition_text.h"
#include "exporter/page_names.h"

namespace pgvigil {

// Writes families in the Prometheus text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) or in OpenMetrics 1.0
// (https://prometheus.io/docs/specs/om/open_metrics_spec/), there without the final "# EOF". Unknown values (NaN) and
// families without samples leave no trace. Returns how many series stood twice in a family and were left out the second
// time; a family that stands there twice counts as one, and one that the `neighbours` on the page have is left out.
//
// OpenMetrics calls a counter by its name without _total, which its samples must end with. A counter whose name does
// not (postgres_exporter's), or whose short name is another family's, is of unknown type there, so that the series has
// one name in both formats.
std::size_t write_families(const std::vector<Family>& families, MetricsFormat format, PieceWriter& out,
                           const Neighbours& neighbours = {});

struct RenderedText {
  std::string text;
  std::size_t duplicates = 0;
};
RenderedText render_text(const std::vector<Family>& families, MetricsFormat format = MetricsFormat::prometheus);

// What ends a page of that format.
std::string_view end_of_page(MetricsFormat format);

}  // namespace pgvigil
