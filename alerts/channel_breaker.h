#pragma once

#include <optional>

#include "core/clock.h"

namespace pgvigil {

// Whether a channel works: closed while it does; open after five failures in a row, or after one that only a person can
// repair; half-open while the next real message is the trial. It delays, it never drops. A decision without a clock or
// a lock of its own; owned by the channel, kept across restarts by the time since which it is open.
class ChannelBreaker {
 public:
  enum class State { closed = 0, half_open = 1, open = 2 };  // the numbers of pgvigil_notifications_breaker_state
  static constexpr int failures_to_open = 5;

  explicit ChannelBreaker(std::optional<WallTime> open_since = {}) : open_since_(open_since) {}

  void succeeded() {
    failures_ = 0;
    open_since_.reset();
  }
  void failed(bool needs_a_person, WallTime now) {
    ++failures_;
    if (!open_since_ && (needs_a_person || failures_ >= failures_to_open)) open_since_ = now;
  }

  // `waiting`: the next attempt is not due yet.
  State state(bool waiting) const {
    if (!open_since_) return State::closed;
    return waiting ? State::open : State::half_open;
  }
  std::optional<WallTime> open_since() const { return open_since_; }
  int failures() const { return failures_; }  // in a row

 private:
  int failures_ = 0;
  std::optional<WallTime> open_since_;
};

}  // namespace pgvigil
