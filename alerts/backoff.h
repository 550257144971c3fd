#pragma once

#include <optional>

#include "core/clock.h"

namespace pgvigil {

struct Backoff {
  milliseconds base{1000};
  milliseconds cap{5 * 60'000};
};

// How long to wait after the `failures`-th failure in a row (from 1): "full jitter", a uniformly random part of
// min(cap, base × 2^(failures-1)), so that many agents that were cut off together do not come back together. `random`
// is in [0, 1).
milliseconds full_jitter(const Backoff& backoff, int failures, double random);

// The same, when the receiver may have said how long to wait: what it says counts, up to an hour.
milliseconds retry_wait(const Backoff& backoff, int failures, double random, std::optional<milliseconds> retry_after);

}  // namespace pgvigil
