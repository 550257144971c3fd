#include "alerts/backoff.h"

#include <algorithm>

#include "alerts/outbox.h"

namespace pgvigil {

milliseconds full_jitter(const Backoff& backoff, int failures, double random) {
  const int doublings = std::clamp(failures - 1, 0, 30);
  const milliseconds ceiling = std::min(backoff.cap, backoff.base * (std::int64_t{1} << doublings));
  return milliseconds(static_cast<std::int64_t>(random * static_cast<double>(ceiling.count())));
}

milliseconds retry_wait(const Backoff& backoff, int failures, double random, std::optional<milliseconds> retry_after) {
  if (retry_after) return std::clamp(*retry_after, milliseconds(0), longest_wait);
  return full_jitter(backoff, failures, random);
}

}  // namespace pgvigil
