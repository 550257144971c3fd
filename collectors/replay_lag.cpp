#include "collectors/replay_lag.h"

#include <algorithm>

namespace pgvigil {

namespace {

std::optional<double> smaller(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

ReplayLag ReplayLagMeter::look(const ReplayPosition& position, SteadyTime now) {
  ReplayLag lag;
  lag.receiver_connected = position.receiver_connected;
  std::optional<double> end = position.received;
  if (position.upstream_end) end = std::max(end.value_or(0), *position.upstream_end);
  if (position.receiver_connected && position.replayed && end) lag.bytes = std::max(0.0, *end - *position.replayed);
  if (lag.bytes == 0.0) caught_up_at_ = now;
  std::optional<double> since_caught_up;
  if (caught_up_at_) since_caught_up = std::chrono::duration<double>(now - *caught_up_at_).count();
  lag.seconds = smaller(since_caught_up, position.replayed_commit_age);
  return lag;
}

}  // namespace pgvigil
