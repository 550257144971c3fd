#pragma once

#include <mutex>

#include "core/clock.h"

namespace pgvigil {

// Time that stands still until a test moves it. The wall clock can be set apart from the monotonic one, as an
// administrator or NTP does. Any thread.
class FakeClock final : public Clock {
 public:
  // 2026-01-01 00:00:00 UTC, and a monotonic clock that is far from zero.
  FakeClock() = default;
  explicit FakeClock(WallTime wall) : wall_(wall) {}

  SteadyTime steady_now() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  WallTime wall_now() const override {
    const std::lock_guard lock(mutex_);
    return wall_;
  }

  // Time passes: both clocks move.
  template <typename Rep, typename Period>
  void advance(std::chrono::duration<Rep, Period> duration) {
    const std::lock_guard lock(mutex_);
    steady_ += std::chrono::duration_cast<SteadyTime::duration>(duration);
    wall_ += std::chrono::duration_cast<WallTime::duration>(duration);
  }

  // Somebody sets the wall clock; the monotonic one does not notice.
  void set_wall(WallTime wall) {
    const std::lock_guard lock(mutex_);
    wall_ = wall;
  }
  void set_steady(SteadyTime steady) {
    const std::lock_guard lock(mutex_);
    steady_ = steady;
  }

 private:
  mutable std::mutex mutex_;  // guards both clocks
  SteadyTime steady_{std::chrono::hours(1000)};
  WallTime wall_{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
};

}  // namespace pgvigil
