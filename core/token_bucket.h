#pragma once

#include <algorithm>

#include "core/clock.h"

namespace pgvigil {

// How often something may happen: `burst` times at once, then once every `interval`. Not thread-safe.
class TokenBucket {
 public:
  TokenBucket(double burst, std::chrono::duration<double> interval, SteadyTime now)
      : burst_(burst), interval_(interval), tokens_(burst), filled_at_(now) {}

  bool take(SteadyTime now) {
    fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  void give_back() { tokens_ = std::min(burst_, tokens_ + 1); }
  // When take() will work again, `now` when it does already.
  SteadyTime next(SteadyTime now) {
    fill(now);
    if (tokens_ >= 1) return now;
    return now + std::chrono::ceil<milliseconds>((1 - tokens_) * interval_);
  }
  bool full(SteadyTime now) const { return tokens_ + (now - filled_at_) / interval_ >= burst_; }

 private:
  void fill(SteadyTime now) {
    if (now <= filled_at_) return;
    tokens_ = std::min(burst_, tokens_ + (now - filled_at_) / interval_);
    filled_at_ = now;
  }

  double burst_;
  std::chrono::duration<double> interval_;
  double tokens_;
  SteadyTime filled_at_;
};

}  // namespace pgvigil
