#pragma once

#include <stop_token>

#include "collectors/backup/backup_store.h"
#include "collectors/backup/scratch_cluster.h"
#include "core/clock.h"

// The restore of a backup set into a throw-away cluster. Damage is found on the way, by the digests of the manifest.
namespace pgvigil {

// The roles that own and use what the dump holds. A set without globals has none. Throws Error: rejected (damaged, or
// the script failed), unavailable, cancelled.
void restore_globals(const ScratchCluster& cluster, const BackupStore& store, const Manifest& manifest,
                     SteadyTime deadline, const std::stop_token& stop);

// The database, under its own name, with its encoding, owner and settings, and ready to be worked with: a dump has no
// statistics, so they are gathered. Same errors.
void restore_database(const ScratchCluster& cluster, const BackupStore& store, const Manifest& manifest,
                      SteadyTime deadline, const std::stop_token& stop);

}  // namespace pgvigil
