#include "exporter/role_checks.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/text.h"

namespace pgvigil {

namespace {

std::optional<double> value_of(const Snapshot& snapshot, std::string_view metric) {
  for (const Family& family : snapshot.families) {
    if (family.name != metric || family.samples.empty() || std::isnan(family.samples.front().value)) continue;
    return family.samples.front().value;
  }
  return std::nullopt;
}

HttpReply role_reply(int status, const std::string& line) {
  return text_reply(status, line + "\n");
}

std::string seconds_text(double value) {
  return format_duration(milliseconds(std::llround(value * 1000)));
}

// Why a replica is not fit, or nothing.
std::optional<std::string> beyond(const LagLimit& limit, const SeenServer& server) {
  if (limit.time) {
    if (!server.lag_seconds) return "replica whose lag is not known";
    if (std::chrono::duration<double>(*server.lag_seconds) > *limit.time) {
      return fmt::format("replica {} behind, more than {}{}", seconds_text(*server.lag_seconds),
                         format_duration(*limit.time), server.receiver_connected ? "" : ", and not connected");
    }
  }
  if (limit.bytes) {
    if (!server.lag_bytes) return "replica whose lag in bytes is not known: it is not connected to its upstream server";
    if (*server.lag_bytes > static_cast<double>(*limit.bytes)) {
      return fmt::format("replica {} behind, more than {}", format_size(static_cast<std::int64_t>(*server.lag_bytes)),
                         format_size(*limit.bytes));
    }
  }
  return std::nullopt;
}

// Decodes %XX and '+'; nullopt when a % is followed by anything else.
std::optional<std::string> decode_form(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    result += static_cast<char>(byte);
    i += 2;
  }
  return result;
}

// A bare number is refused: nobody knows whether it means seconds or bytes.
bool read_limit(const std::string& text, LagLimit& limit) {
  if (text.empty() || text.find_first_not_of("0123456789.") == std::string::npos) return false;
  if (const auto time = parse_duration(text); time && !limit.time) {
    limit.time = time;
    return true;
  }
  if (const auto bytes = parse_size(text); bytes && !limit.bytes) {
    limit.bytes = bytes;
    return true;
  }
  return false;
}

}  // namespace

std::optional<SeenServer> seen_server(const SnapshotPtr& probe, SteadyTime now, milliseconds fresh) {
  if (!probe || now - probe->taken_at > fresh) return std::nullopt;
  return SeenServer{value_of(*probe, "pg_up") == 1.0, value_of(*probe, "pg_replication_is_replica") == 1.0,
                    value_of(*probe, "pgvigil_standby_receiver_connected") == 1.0,
                    value_of(*probe, "pgvigil_standby_replay_lag_seconds"),
                    value_of(*probe, "pgvigil_standby_replay_lag_bytes")};
}

HttpReply answer_role(RoleCheck check, const LagLimit& limit, const std::optional<SeenServer>& server) {
  if (!server) return role_reply(503, "unknown: the server has not been checked lately");
  if (!server->up) return role_reply(503, "down");
  if (check == RoleCheck::up) return role_reply(200, "up");
  if (!server->standby) return role_reply(check == RoleCheck::replica ? 404 : 200, "primary");
  if (check == RoleCheck::primary) return role_reply(404, "replica");
  if (const auto reason = beyond(limit, *server)) return role_reply(503, *reason);
  return role_reply(200, "replica");
}

std::optional<LagLimit> parse_lag_limit(std::string_view parameters) {
  LagLimit limit;
  for (const std::string& pair : split(parameters, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || pair.substr(0, equals) != "max_lag") return std::nullopt;
    const auto value = decode_form(std::string_view(pair).substr(equals + 1));
    if (!value || !read_limit(*value, limit)) return std::nullopt;
  }
  return limit;
}

HttpReply answer_role_query(RoleCheck check, const HttpQuery& query, const std::optional<SeenServer>& server) {
  if (check == RoleCheck::up || check == RoleCheck::primary) {
    if (query.parameters.empty()) return answer_role(check, {}, server);
    return role_reply(400, query.path + " takes no parameters; /replica and /read take max_lag");
  }
  if (const auto limit = parse_lag_limit(query.parameters)) return answer_role(check, *limit, server);
  return role_reply(400, "allowed is max_lag=DURATION (such as 10s), max_lag=SIZE (such as 16MB), or one of each");
}

}  // namespace pgvigil
