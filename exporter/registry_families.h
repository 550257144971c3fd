#pragma once

#include <vector>

#include "core/sample.h"

namespace prometheus {
struct MetricFamily;
}

namespace pgvigil {

// What prometheus-cpp's registry collected, as families like all others: its own serialiser writes the text format
// only, does not replace what is no UTF-8, and is slow. Counters and gauges; a family's metrics have the same labels.
std::vector<Family> families_of(const std::vector<prometheus::MetricFamily>& collected);

}  // namespace pgvigil
