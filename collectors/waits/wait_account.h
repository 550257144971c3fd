#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/sample.h"

namespace pgvigil {

// What one look at the sessions found: how many wait for the same thing.
struct WaitGroup {
  bool client = true;      // a session of a client or one of its parallel workers; otherwise a background process
  std::string who;         // the database; of a background process its backend_type
  std::string event_type;  // empty: it does not wait, so it runs or wants to run
  std::string event;
  double count = 0;
};

// Time spent waiting, from samples: each stands for the time since the one before. After a gap a sample stands for no
// more than `longest_step`, because nobody knows what happened in between. Series are bounded: what does not fit goes
// to one with empty `datname` and event type "other". No I/O, one thread at a time.
class WaitAccount {
 public:
  WaitAccount(milliseconds longest_step, std::size_t max_series)
      : longest_step_(longest_step), max_series_(max_series) {}

  void observe(SteadyTime now, const std::vector<WaitGroup>& groups);

  // pg_wait_seconds_total, pg_background_wait_seconds_total, pg_wait_sampled_seconds_total, pg_wait_samples_total.
  std::vector<Family> families() const;

  double sampled_seconds() const { return sampled_; }

 private:
  using Labels = std::array<std::string, 3>;  // who, event type, event
  using Accounts = std::map<Labels, double>;
  double& account(Accounts& accounts, const WaitGroup& group) const;

  milliseconds longest_step_;
  std::size_t max_series_;
  SteadyTime last_{};
  double samples_ = 0;
  double sampled_ = 0;
  Accounts clients_;
  Accounts background_;
};

}  // namespace pgvigil
