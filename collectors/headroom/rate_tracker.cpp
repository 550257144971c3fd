#include "collectors/headroom/rate_tracker.h"

#include <cmath>

namespace pgvigil {

void RateTracker::observe(SteadyTime now, double value) {
  if (!std::isfinite(value)) return;
  if (last_at_ && now <= *last_at_) return;
  if (last_at_ && (kind_ == Kind::level || value >= last_)) {
    const std::chrono::duration<double> step = now - *last_at_;
    const double kept = std::exp2(-step / half_life_);
    change_ = change_ * kept + (value - last_);
    time_ = time_ * kept + step.count();
    span_ += step.count();
  }
  last_at_ = now;
  last_ = value;
}

std::optional<double> RateTracker::per_second() const {
  if (time_ <= 0 || span_ < least_span_.count()) return std::nullopt;
  return change_ / time_;
}

double seconds_until_used(std::optional<double> left, std::optional<double> rate) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  constexpr double century = 100 * 365.25 * 86400;
  if (!left) return unknown;
  if (*left <= 0) return 0;
  if (!rate || *rate <= 0 || *left / *rate > century) return unknown;
  return *left / *rate;
}

}  // namespace pgvigil
