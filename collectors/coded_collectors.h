#pragma once

#include <vector>

#include "collectors/collectors.h"
#include "collectors/reader.h"

namespace pgvigil {

// What a collector with code is made from.
struct CodedSetup {
  const CollectorOptions& options;
  LocalStore& store;
  const Clock& clock;
  milliseconds interval;
  std::size_t max_series;
};

// A collector that is more than a query of the catalogue. All but the prober are in every preset but `minimal`. Exactly
// one of the two makes it.
struct CodedCollector {
  const char* name;
  milliseconds interval;
  TaskPtr (*make_task)(const CodedSetup& setup) = nullptr;
  ReaderPtr (*make_reader)(const CodedSetup& setup) = nullptr;  // one that is read in every database
};

const std::vector<CodedCollector>& coded_collectors();

}  // namespace pgvigil
