#pragma once

#include <optional>

#include "core/clock.h"

namespace pgvigil {

// What a standby says about its replay, at one moment. Positions are bytes since 0/0.
struct ReplayPosition {
  bool receiver_connected = false;
  std::optional<double> replayed;
  std::optional<double> received;
  std::optional<double> upstream_end;         // where the upstream server's WAL ended when it was heard of last
  std::optional<double> replayed_commit_age;  // seconds since the commit that was replayed last
};

// How far a standby's replay is behind.
struct ReplayLag {
  bool receiver_connected = false;
  std::optional<double> seconds;  // at most so much; without a connection it grows, because nobody knows better
  std::optional<double> bytes;    // only while connected: what upstream wrote since then is not known otherwise
};

// Judges a standby's lag from one look to the next. An idle primary commits nothing, so the age of the last commit
// alone is no lag; and "all that was received is replayed" alone hides a link that is cut. What it remembers is when
// replay was last seen at upstream's end: the lag is at most the time since then. One thread.
class ReplayLagMeter {
 public:
  ReplayLag look(const ReplayPosition& position, SteadyTime now);
  void forget() { caught_up_at_.reset(); }  // the server is a primary now, or another one

 private:
  std::optional<SteadyTime> caught_up_at_;
};

}  // namespace pgvigil
