#pragma once

#include <algorithm>
#include <chrono>

#include "core/clock.h"

namespace pgvigil {

// How much rarer than its interval a collector runs, because it kept the server busy for too much of its time: twice as
// rarely while a run takes more than a fifth of the interval, up to 16 times; back again, slowly, when three runs in a
// row would take less than a tenth of the next shorter one. A decision; not thread-safe.
class Pace {
 public:
  static constexpr int slowest = 16;

  void ran(std::chrono::duration<double> busy, milliseconds interval) {
    const std::chrono::duration<double> period = interval * factor_;
    if (busy > period / 5) {
      factor_ = std::min(factor_ * 2, slowest);
      calm_runs_ = 0;
    } else if (factor_ > 1 && busy < period / 20) {
      if (++calm_runs_ >= 3) {
        factor_ /= 2;
        calm_runs_ = 0;
      }
    } else {
      calm_runs_ = 0;
    }
  }

  int factor() const { return factor_; }

 private:
  int factor_ = 1;
  int calm_runs_ = 0;
};

}  // namespace pgvigil
