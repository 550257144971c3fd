#pragma once

#include <sys/types.h>

#include "core/file.h"

namespace pgvigil {

// A descriptor of a process: readable when it has ended, and safe against a number that was given to another process.
// Empty when there is no such process. By system call, because glibc 2.36's <sys/pidfd.h> cannot be linked from C++.
Fd open_pidfd(pid_t pid);

// False when the process has ended or may not be signalled.
bool signal_process(const Fd& pidfd, int signal);

}  // namespace pgvigil
