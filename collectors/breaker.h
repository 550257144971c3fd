#pragma once

#include <algorithm>
#include <optional>

#include "core/clock.h"

namespace pgvigil {

// Whether to try again something that failed: after each failure in a row it waits twice as long, up to a limit. A
// decision without a clock of its own; not thread-safe.
class Breaker {
 public:
  Breaker(milliseconds first, milliseconds longest) : first_(first), longest_(longest) {}

  bool allows(SteadyTime now) const { return !retry_at_ || now >= *retry_at_; }

  // Notes an attempt that has not ended, so that nobody else makes one meanwhile; succeeded() takes it back.
  // `jitter` from 0 to 1 shortens the wait by up to a half: many agents of one server should not come together.
  void attempt(SteadyTime now, double jitter) {
    delay_ = delay_ ? std::min(*delay_ * 2, longest_) : first_;
    retry_at_ = now + std::chrono::duration_cast<milliseconds>(*delay_ * (1 - jitter / 2));
  }
  void succeeded() {
    delay_.reset();
    retry_at_.reset();
  }

  SteadyTime retry_at() const { return retry_at_.value_or(SteadyTime()); }

 private:
  milliseconds first_;
  milliseconds longest_;
  std::optional<milliseconds> delay_;
  std::optional<SteadyTime> retry_at_;
};

}  // namespace pgvigil
