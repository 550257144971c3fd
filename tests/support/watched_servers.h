#pragma once

#include "tests/support/pg_cluster.h"

namespace pgvigil {

// A primary and its hot standby in which every collector of the catalogue finds something to read: the monitoring role,
// pg_stat_statements in a schema with an awkward name, tables and traffic, replication slots, archiving, the index
// tables of backups.
struct WatchedServers {
  explicit WatchedServers(int major);

  PgCluster primary;
  PgCluster standby;
};

}  // namespace pgvigil
