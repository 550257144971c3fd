#pragma once

#include <sys/types.h>

#include "core/child_process.h"
#include "core/file.h"

namespace pgvigil {

// A started program and our ends of its three pipes.
struct Spawned {
  pid_t pid = -1;
  Fd pidfd;  // readable when the program has ended
  Fd input;
  Fd output;
  Fd error;
};

// Starts the program of `command` in a process group of its own, tied to the calling thread's life (PR_SET_PDEATHSIG).
// Throws Error::invalid when there is no such program or user, Error::unavailable when the system cannot start one
// more.
Spawned spawn(const Command& command);

}  // namespace pgvigil
