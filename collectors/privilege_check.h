#pragma once

#include <vector>

#include "collectors/catalog.h"
#include "collectors/connections.h"
#include "collectors/database_filter.h"
#include "collectors/grants.h"

namespace pgvigil {

// Finds out what the session's role lacks for these collectors, by planning each collector's query as that role. Runs
// no query of theirs. Throws Error when the connection is lost.
MissingPrivileges find_missing_privileges(const std::vector<CatalogEntry>& entries, ConnectionPool::Lease& session);

// The same in the connected database, and in each one that is walked for what is read there. One that cannot be looked
// at is a hint.
MissingPrivileges find_missing_privileges(const std::vector<CatalogEntry>& entries, ConnectionPool& connections,
                                          const DatabaseFilter& filter, const Clock& clock);

}  // namespace pgvigil
