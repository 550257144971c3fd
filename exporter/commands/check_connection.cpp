#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/pg_connection.h"
#include "core/text.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

constexpr int oldest_supported = 130000;
constexpr auto query_timeout = milliseconds(2000);

template <typename Work>
double milliseconds_of(Work work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
}

// The median of a few round trips with the shortest of queries.
double round_trip(PgConnection& connection) {
  std::array<double, 5> times{};
  for (double& time : times) time = milliseconds_of([&] { connection.query("SELECT 1", query_timeout); });
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

}  // namespace

int check_connection(const std::filesystem::path& config_file) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  std::optional<PgConnection> connection;
  const double login = milliseconds_of([&] { connection.emplace(PgConnection::open(config->target)); });
  const PgRows facts = connection->query(
      "SELECT current_setting('server_version'), pg_is_in_recovery(), current_user, current_database(),"
      " pg_has_role('pg_monitor', 'USAGE'), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
      query_timeout);
  const bool monitor = facts.get(0, 4) == "t";
  fmt::print("login     {:.1f} ms\n", login);
  fmt::print("query     {:.2f} ms\n", round_trip(*connection));
  fmt::print("server    PostgreSQL {}, {}\n", facts.text(0, 0), facts.get(0, 1) == "t" ? "standby" : "primary");
  fmt::print("database  {}\n", facts.text(0, 3));
  fmt::print("role      {}, {}{}\n", facts.text(0, 2), monitor ? "with pg_monitor" : "without pg_monitor",
             facts.get(0, 5) == "t" ? ", a superuser (pg_monitor is enough)" : "");
  const bool supported = connection->server_version() >= oldest_supported;
  if (!supported) fmt::print(stderr, "servers before PostgreSQL 13 are not supported\n");
  if (!monitor) fmt::print(stderr, "the role needs pg_monitor; pgvigil check grants prints the SQL\n");
  return supported && monitor ? all_good : problems_found;
}

}  // namespace pgvigil
