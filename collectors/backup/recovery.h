#pragma once

#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// Call once at start-up, before the first task runs, by the only agent that uses this store: ends what runs of an agent
// that died have left. Their drill servers are stopped, their folders removed (only those with their marker), and they
// are entered as interrupted; a backup whose manifest was already written is entered as done. What cannot be
// removed is logged and stays, and so does what cannot be told (the folder of the backups is not there, the system
// refuses): such a run is logged and still entered as running, for the next start to try again. Throws Error when
// `store` cannot be read.
void recover_backups(LocalStore& store, const Clock& clock);

}  // namespace pgvigil
