#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/snapshot.h"
#include "exporter/http_server.h"

// What load balancers ask: /up, /primary, /replica and /read. Answered from the prober's last look at the server, never
// by asking the server.
namespace pgvigil {

enum class RoleCheck { up, primary, replica, read };

// What the prober saw last.
struct SeenServer {
  bool up = false;
  bool standby = false;
  bool receiver_connected = false;
  std::optional<double> lag_seconds;
  std::optional<double> lag_bytes;
};

// A replica that is further behind is not fit; without limits every replica is.
struct LagLimit {
  std::optional<milliseconds> time;
  std::optional<std::int64_t> bytes;
};

// nullopt when there is no snapshot or it is older than `fresh`: what is not known is no reason to send clients there.
std::optional<SeenServer> seen_server(const SnapshotPtr& probe, SteadyTime now, milliseconds fresh);

// 200 when the server is what is asked for, 404 when it has another role, 503 when it is down, unknown or too far
// behind. The body says why, in one line.
HttpReply answer_role(RoleCheck check, const LagLimit& limit, const std::optional<SeenServer>& server);

// The query string of a check: max_lag as a duration, a size, or one of each. nullopt when anything else stands there.
std::optional<LagLimit> parse_lag_limit(std::string_view parameters);

// Both together: 400 for parameters that the check does not have.
HttpReply answer_role_query(RoleCheck check, const HttpQuery& query, const std::optional<SeenServer>& server);

}  // namespace pgvigil
