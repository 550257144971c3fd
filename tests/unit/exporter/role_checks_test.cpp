#include "exporter/role_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr SeenServer primary{true, false, false, {}, {}};
constexpr SeenServer down{false, false, false, {}, {}};
SeenServer replica(std::optional<double> seconds_behind, std::optional<double> bytes_behind, bool connected = true) {
  return {true, true, connected, seconds_behind, bytes_behind};
}

HttpReply answer(RoleCheck check, const std::optional<SeenServer>& server, const std::string& parameters) {
  HttpQuery query;
  query.method = "GET";
  query.path = "/x";
  query.parameters = parameters;
  return answer_role_query(check, query, server);
}

int status(RoleCheck check, const std::optional<SeenServer>& server, const std::string& parameters = "") {
  return answer(check, server, parameters).status;
}

TEST(RoleChecks, KnowTheServersRole) {
  struct Case {
    RoleCheck check;
    int of_primary;
    int of_replica;
  };
  for (const Case& wanted : {Case{RoleCheck::up, 200, 200}, Case{RoleCheck::primary, 200, 404},
                             Case{RoleCheck::replica, 404, 200}, Case{RoleCheck::read, 200, 200}}) {
    const int number = static_cast<int>(wanted.check);
    EXPECT_EQ(status(wanted.check, primary), wanted.of_primary) << number;
    EXPECT_EQ(status(wanted.check, replica(1, 1)), wanted.of_replica) << number;
    EXPECT_EQ(status(wanted.check, down), 503) << number;
    EXPECT_EQ(status(wanted.check, std::nullopt), 503) << number;
  }
}

TEST(RoleChecks, RefuseAReplicaThatIsTooFarBehind) {
  struct Case {
    SeenServer server;
    const char* parameters;
    int status;
  };
  const Case cases[] = {
      {replica(9.9, {}), "max_lag=10s", 200},
      {replica(10.1, {}), "max_lag=10s", 503},
      {replica({}, {}), "max_lag=10s", 503},
      {replica({}, {}), "", 200},
      {replica(0, 16.0 * 1024 * 1024), "max_lag=16MB", 200},
      {replica(0, 16.0 * 1024 * 1024 + 1), "max_lag=16MB", 503},
      {replica(0, {}, false), "max_lag=16MB", 503},
      {replica(5, {}, false), "max_lag=10s", 200},
      {replica(1, 10), "max_lag=10s&max_lag=1kB", 200},
      {replica(11, 10), "max_lag=10s&max_lag=1kB", 503},
      {replica(1, 2000), "max_lag=10s&max_lag=1kB", 503},
      {replica(1, 10), "max_lag=%31%30s", 200},
  };
  for (const Case& wanted : cases) {
    EXPECT_EQ(status(RoleCheck::replica, wanted.server, wanted.parameters), wanted.status) << wanted.parameters;
    EXPECT_EQ(status(RoleCheck::read, wanted.server, wanted.parameters), wanted.status) << wanted.parameters;
  }
  EXPECT_EQ(status(RoleCheck::read, primary, "max_lag=10s"), 200);
}

TEST(RoleChecks, SayWhatIsAllowedInsteadOfABadParameter) {
  for (const char* parameters :
       {"max_lag=10", "max_lag=", "max_lag", "max_lag=ten", "max_lag=-1s", "lag=10s", "max_lag=10s&x=1",
        "max_lag=10s&max_lag=20s", "max_lag=1MB&max_lag=2MB", "max_lag=%zz", "max_lag=10s%"}) {
    for (const RoleCheck check : {RoleCheck::replica, RoleCheck::read}) {
      const HttpReply reply = answer(check, replica(0, 0), parameters);
      EXPECT_EQ(reply.status, 400) << parameters;
      EXPECT_THAT(reply.body, HasSubstr("max_lag=DURATION")) << parameters;
    }
  }
  EXPECT_EQ(status(RoleCheck::primary, primary, "max_lag=1s"), 400);
  EXPECT_EQ(status(RoleCheck::up, primary, "x"), 400);
}

TEST(RoleChecks, SayWhyAReplicaIsNotFit) {
  EXPECT_EQ(answer_role(RoleCheck::replica, {10s, {}}, replica(12.5, {}, false)).body,
            "replica 12s500ms behind, more than 10s, and not connected\n");
}

SnapshotPtr probe(SteadyTime taken_at, std::vector<Family> families) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->taken_at = taken_at;
  snapshot->families = std::move(families);
  return snapshot;
}

Family gauge(const char* name, double value) {
  return {name, "h", MetricType::gauge, {}, {{{}, value}}};
}

TEST(RoleChecks, BelieveTheProberOnlyWhileItsLookIsFresh) {
  const SteadyTime start(1000h);
  const SnapshotPtr snapshot = probe(start, {gauge("pg_up", 1), gauge("pg_replication_is_replica", 0)});
  EXPECT_EQ(status(RoleCheck::primary, seen_server(snapshot, start + 15s, 15s)), 200);
  EXPECT_EQ(status(RoleCheck::primary, seen_server(snapshot, start + 16s, 15s)), 503);
  EXPECT_EQ(status(RoleCheck::primary, seen_server(nullptr, start, 15s)), 503);
}

TEST(RoleChecks, ReadWhatTheProberSaw) {
  const SteadyTime start(1000h);
  const auto server = seen_server(
      probe(start,
            {gauge("pg_up", 1), gauge("pg_replication_is_replica", 1), gauge("pgvigil_standby_receiver_connected", 1),
             gauge("pgvigil_standby_replay_lag_seconds", 3), gauge("pgvigil_standby_replay_lag_bytes", 77)}),
      start, 15s);
  ASSERT_TRUE(server);
  EXPECT_TRUE(server->up && server->standby && server->receiver_connected);
  EXPECT_EQ(server->lag_seconds, 3);
  EXPECT_EQ(server->lag_bytes, 77);
  const auto unreachable = seen_server(probe(start, {gauge("pg_up", 0)}), start, 15s);
  ASSERT_TRUE(unreachable);
  EXPECT_FALSE(unreachable->up);
}

}  // namespace
}  // namespace pgvigil
