#include <fmt/format.h>

#include <cstdio>

#include "collectors/collectors.h"
#include "collectors/import/catalog_text.h"
#include "collectors/import/import.h"
#include "core/error.h"
#include "core/file.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

constexpr std::size_t largest_file = 16UL << 20;  // pg_exporter's whole configuration in one file has 230 kB

void write_collectors(const std::vector<ImportedCollector>& collectors, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(Error::Kind::unavailable, fmt::format("cannot create {}: {}", folder.string(), error.message()));
  }
  for (const ImportedCollector& collector : collectors) {
    const auto path = folder / (collector.entry.name + ".yaml");
    write_all(create_file(path), catalog_text(collector));
    fmt::print(stderr, "wrote {}\n", path.string());
  }
}

}  // namespace

int import_query_file(const std::filesystem::path& file, const std::filesystem::path& output) {
  const Imported imported = import_queries(read_file(file, largest_file), file.string(), built_in_names());
  for (const std::string& note : imported.notes) fmt::print(stderr, "{}\n", note);
  if (imported.format.empty()) return unusable_config;
  fmt::print(stderr, "{}: {} collectors from a file of {}; {} notes. Next: pgvigil check queries\n", file.string(),
             imported.collectors.size(), imported.format, imported.notes.size());
  if (output.empty()) {
    fmt::print("{}", catalog_text(imported.collectors));
  } else {
    write_collectors(imported.collectors, output);
  }
  return imported.collectors.empty() ? problems_found : all_good;
}

}  // namespace pgvigil
