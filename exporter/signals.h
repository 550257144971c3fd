#pragma once

#include <optional>

#include "core/clock.h"

namespace pgvigil {

// The signals that the agent acts on, taken by the main thread when it asks for them and by nobody else: SIGTERM and
// SIGINT (stop), SIGHUP (reload). Make it before the first thread, which inherits the mask. SIGPIPE is ignored, so that
// a peer that goes away is an error of a write and not the end of the process.
class Signals {
 public:
  Signals();

  // The next signal, or nullopt after `timeout`.
  std::optional<int> wait(milliseconds timeout) const;
};

}  // namespace pgvigil
