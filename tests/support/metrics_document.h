#pragma once

#include <map>
#include <string>

namespace pgvigil {

// The families that code makes rather than the catalogue, with their help: every name of a metric in the sources that
// is followed by a sentence. tests/e2e/metric_names_test.cpp makes sure that none is missed.
std::map<std::string, std::string> metrics_made_by_code();

// docs/metrics.md: every metric there is, from the catalogue and the sources.
std::string metrics_document();

}  // namespace pgvigil
