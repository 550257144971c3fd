#pragma once

#include <string>
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

// What people ask about a collector whose query they cannot read in the catalogue.
struct CodeAccount {
  const char* help;
  const char* reads;
  const char* needs;
  // The names of the families that it reports. One that ends in _ stands for all that begin so.
  std::vector<std::string> families;
};

// A collector that is more than a query of the catalogue. All but the prober are in every preset but `minimal`. Exactly
// one of the two makes it.
struct CodedCollector {
  const char* name;
  milliseconds interval;
  CodeAccount account;
  TaskPtr (*make_task)(const CodedSetup& setup) = nullptr;
  ReaderPtr (*make_reader)(const CodedSetup& setup) = nullptr;  // one that is read in every database
};

const std::vector<CodedCollector>& coded_collectors();
const CodeAccount& about_probe();

}  // namespace pgvigil
