#pragma once

#include <poll.h>

#include <span>
#include <stop_token>

#include "core/clock.h"

namespace pgvigil {

enum class Ready { yes, timed_out, stopped };

// Waits until one of `fds` is ready, the deadline passes or a stop is requested, whichever is first. Descriptors of -1
// are ignored. Throws Error::unavailable when the system cannot wait.
Ready wait_for(std::span<pollfd> fds, SteadyTime deadline, const std::stop_token& stop);

}  // namespace pgvigil
