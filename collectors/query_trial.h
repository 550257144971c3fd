#pragma once

#include <string>
#include <vector>

#include "collectors/catalog.h"
#include "collectors/connections.h"

namespace pgvigil {

// A column of what a query would return.
struct ResultColumn {
  std::string name;
  unsigned type = 0;      // OID
  std::string type_name;  // as SQL writes it
};

// What is wrong with a result of these columns for an entry on a server of this version, in words. Pure.
std::vector<std::string> compare_columns(const CatalogEntry& entry, int server_version,
                                         const std::vector<ResultColumn>& result);

// The same for what the server says that `query` would return; it is prepared and not run. Throws Error as
// PgConnection::query does.
std::vector<std::string> result_problems(const CatalogEntry& entry, const std::string& query, PgConnection& connection,
                                         milliseconds timeout);

// What a server says of one variant of an entry.
struct VariantTrial {
  std::string not_here;               // why the variant is not for this server; empty when it is
  std::vector<std::string> problems;  // what is wrong with it there
};

// Tries every variant in the session's database: those whose conditions hold are prepared and planned, which finds what
// does not exist and what the role may not read; none is run. Throws Error when the connection is lost.
std::vector<VariantTrial> try_variants(const CatalogEntry& entry, ConnectionPool::Lease& session);

}  // namespace pgvigil
