#pragma once

#include <vector>

#include "collectors/collectors.h"

namespace pgvigil {

// The collectors that are more than a query of the catalogue. All but the prober are in every preset but `minimal`.
struct CodedCollector {
  const char* name;
  milliseconds interval;
  TaskPtr (*make)(const CollectorOptions& options, milliseconds interval);
};

const std::vector<CodedCollector>& coded_collectors();

}  // namespace pgvigil
