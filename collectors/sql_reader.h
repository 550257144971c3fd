#pragma once

#include "collectors/catalog.h"
#include "collectors/reader.h"

namespace pgvigil {

// Makes families of the rows that a catalogue query returned; they share their label rows. Values are read by
// number_of; NULL and what is no finite number are NaN: not known. Every family of the entry is there, also those
// without samples. Rows from the end that would exceed the entry's max_series are left out and counted. Throws
// Error::invalid when the rows' columns are not the ones that the entry declares for this server version.
Reading reading_of(const CatalogEntry& entry, int server_version, const PgRows& rows);

// The entry's families without samples.
std::vector<Family> empty_families(const CatalogEntry& entry);

// The query to send: a variant's text with {extension_schema} filled in.
std::string query_text(const CatalogVariant& variant, const ServerFacts& facts);

// Which variant of the entry the session's server and database call for.
VariantChoice choose_variant(const CatalogEntry& entry, ConnectionPool::Lease& session, const std::stop_token& stop);

// Reads one query of the catalogue. A user's own is described before a session runs it first (a result that is not as
// declared is an Error, whose text says why), and runs as a guarded query.
class SqlReader final : public Reader {
 public:
  explicit SqlReader(CatalogEntry entry);
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return entry_.max_series; }
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override;

 private:
  PgRows ask(ConnectionPool::Lease& session, const CatalogVariant& variant, const std::stop_token& stop) const;
  void check(const std::string& query, ConnectionPool::Lease& session) const;

  CatalogEntry entry_;
  TaskInfo info_;
};

}  // namespace pgvigil
