#pragma once

#include <limits>
#include <optional>

#include "core/clock.h"

namespace pgvigil {

// How fast a value changes per second, as a decayed average over its samples: what changed and the time it took are
// both forgotten with the same half-life, so that early answers are plain averages. A counter that goes back was reset,
// or another server answers: that step is left out. No I/O, one thread at a time.
class RateTracker {
 public:
  enum class Kind {
    counter,  // only grows
    level,    // grows and shrinks; the rate may be negative
  };

  RateTracker(Kind kind, std::chrono::seconds half_life, std::chrono::seconds least_span)
      : kind_(kind), half_life_(half_life), least_span_(least_span) {}

  void observe(SteadyTime now, double value);

  // nullopt until samples of `least_span` were seen.
  std::optional<double> per_second() const;

 private:
  Kind kind_;
  std::chrono::duration<double> half_life_;
  std::chrono::duration<double> least_span_;
  std::optional<SteadyTime> last_at_;
  double last_ = 0;
  double change_ = 0;  // decayed
  double time_ = 0;    // decayed, seconds
  double span_ = 0;    // seconds that were seen in all
};

// Seconds until `left` is used up at `rate` per second; NaN when that is not known or never: no rate yet, nothing is
// used, or more than a hundred years. 0 when nothing is left.
double seconds_until_used(std::optional<double> left, std::optional<double> rate);

}  // namespace pgvigil
