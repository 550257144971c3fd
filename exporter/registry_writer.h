#pragma once

#include <vector>

#include "exporter/content_negotiation.h"
#include "exporter/exposition_text.h"

namespace prometheus {
struct MetricFamily;
}

namespace pgvigil {

// Writes what prometheus-cpp's registry collected, in either format: its own serialiser writes the text format only,
// does not replace what is no UTF-8, and is slow. Counters, gauges and histograms; counters' names end with _total.
void write_registry(const std::vector<prometheus::MetricFamily>& families, MetricsFormat format, PieceWriter& out);

}  // namespace pgvigil
