#include "collectors/import/import.h"

#include "collectors/import/catalog_text.h"
#include "collectors/import/readers.h"

namespace pgvigil {

namespace {

// What our own reader says of the result: a collector that it does not take is left out.
bool read_back(const ImportedCollector& collector, Problems& report) {
  Problems problems;
  auto section = Section::parse(catalog_text(collector), "the imported collector " + collector.entry.name, problems);
  if (section) decode_catalog_entry(*section);
  for (const std::string& line : problems.lines()) report.add(collector.entry.name + " is left out", line);
  return problems.empty();
}

}  // namespace

Imported import_queries(std::string_view text, const std::string& file, const TakenNames& taken) {
  Imported result;
  Problems report;
  auto root = Section::parse(text, file, report);
  if (root) {
    const bool pg_exporter = looks_like_pg_exporter(*root);
    result.format = pg_exporter ? "pg_exporter" : "postgres_exporter";
    const auto branches = pg_exporter ? read_pg_exporter(*root, report) : read_postgres_exporter(*root, report);
    result.collectors = collectors_of(branches, taken, report);
  }
  std::erase_if(result.collectors, [&](const ImportedCollector& collector) { return !read_back(collector, report); });
  result.notes = report.lines();
  return result;
}

}  // namespace pgvigil
