#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/custom_queries.h"
#include "collectors/import/branch.h"

namespace pgvigil {

// What became of another exporter's query file.
struct Imported {
  std::string format;  // "postgres_exporter" or "pg_exporter"; empty when the file could not be read
  std::vector<ImportedCollector> collectors;
  std::vector<std::string> notes;  // FILE:LINE:COLUMN: what was not carried over, and why
};

// Reads the query file of postgres_exporter or pg_exporter; which of both it is, it finds out itself. Nothing is asked
// of a server. `taken` is what the agent has already.
Imported import_queries(std::string_view text, const std::string& file, const TakenNames& taken);

}  // namespace pgvigil
