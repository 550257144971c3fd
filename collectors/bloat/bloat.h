#pragma once

#include <stop_token>
#include <vector>

#include "collectors/bloat/bloat_memory.h"
#include "collectors/bloat/options.h"
#include "collectors/connections.h"
#include "core/clock.h"
#include "core/pg_connection.h"
#include "core/sample.h"

namespace pgvigil {

// The bloat of one database's tables, TOAST tables and B-tree indexes, on a session in that database; for a rare tier.
// A ladder: what statistics say of every relation above a floor, without a lock on any; what each index was at its
// best, from `memory`; and for the worst suspects what reading them with pgstattuple finds, within a budget of bytes an
// hour over all databases. Of whatever none of these can tell, nothing is said, and it is counted. `facts` are those of
// the session: its database's name, and whether the server is a standby. Throws Error as PgConnection::query and
// LocalStore do.
std::vector<Family> bloat_of(PgConnection& connection, const ServerFacts& facts, BloatMemory& memory, WallTime now,
                             const BloatOptions& options, const std::stop_token& stop = {});

}  // namespace pgvigil
