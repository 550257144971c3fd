#pragma once

#include "tests/support/pg_cluster.h"

namespace pgvigil {

// Makes `standby` a hot standby that streams from `primary`, through a replication slot named "standby"; both are of
// one version. What `standby` held is lost, and it takes over the primary's settings; `primary` is restarted.
// Afterwards both run.
void make_standby(PgCluster& primary, PgCluster& standby);

// Waits until the standby has replayed all that the primary has written so far; false when it does not within
// `timeout`.
bool caught_up(const PgCluster& primary, const PgCluster& standby, milliseconds timeout);

}  // namespace pgvigil
