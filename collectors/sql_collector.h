#pragma once

#include "collectors/catalog.h"
#include "collectors/task.h"

namespace pgvigil {

// Makes samples of the rows that a catalogue query returned. t and f are 1 and 0; NULL and what is no finite number are
// NaN: not known. Every family of the entry is returned, also those without samples. Throws Error::invalid when the
// rows' columns are not the ones that the entry declares for this server version.
std::vector<Family> families_of(const CatalogEntry& entry, int server_version, const PgRows& rows);

// The entry's families without samples.
std::vector<Family> empty_families(const CatalogEntry& entry);

// The query to send: a variant's text with {extension_schema} filled in.
std::string query_text(const CatalogVariant& variant, const ServerFacts& facts);

// Whether `relation` (schema.name) exists in the connected database and may be read.
bool readable_relation(PgConnection& connection, const std::string& relation, milliseconds timeout,
                       const std::stop_token& stop);

// A collector that is one query of the catalogue.
class SqlCollector final : public Task {
 public:
  explicit SqlCollector(CatalogEntry entry);
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  CatalogEntry entry_;
  TaskInfo info_;
};

}  // namespace pgvigil
