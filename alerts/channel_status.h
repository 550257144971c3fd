#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "alerts/channel_breaker.h"
#include "alerts/notifier.h"
#include "core/clock.h"

namespace pgvigil {

// A channel as the status page and the metrics show it. Counts are since the start of the process or the last reload.
struct ChannelStatus {
  std::string name;
  std::string kind;
  std::int64_t pending = 0;
  seconds oldest_pending_age{0};
  std::uint64_t delivered = 0;
  std::uint64_t dead = 0;                            // messages that were given up
  std::uint64_t passed_on = 0;                       // messages that another channel took
  std::map<Verdict::Kind, std::uint64_t> failures;   // attempts, by reason
  ChannelBreaker::State breaker = ChannelBreaker::State::closed;

  std::uint64_t failed() const {
    std::uint64_t sum = 0;
    for (const auto& entry : failures) sum += entry.second;
    return sum;
  }
  bool failing() const { return breaker != ChannelBreaker::State::closed; }
};

}  // namespace pgvigil
