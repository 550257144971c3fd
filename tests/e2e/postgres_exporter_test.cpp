// Beside Debian's postgres_exporter on one server: what its dashboards and rules ask for is there, with the same value.
// What may differ stands in docs/postgres-exporter.md, and why.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "core/text.h"
#include "tests/support/agent.h"
#include "tests/support/exposition.h"
#include "tests/support/free_port.h"
#include "tests/support/watched_servers.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{60000};
constexpr auto connected_database = "postgres";

// Rows `| `NAME` | KIND | why |` of the document; a name may end in *.
class Differences {
 public:
  Differences() {
    static const std::regex row(R"(\| `([a-z_]+\*?)` \| ([a-z ]+) \| [^|]{5,} \|)");
    const std::string document = slurp(std::filesystem::path(SOURCE_DIR) / "docs" / "postgres-exporter.md");
    for (std::sregex_iterator at(document.begin(), document.end(), row), end; at != end; ++at)
      kinds_[(*at)[1]] = (*at)[2];
  }

  std::string kind(const std::string& metric) const {
    for (const auto& [name, kind] : kinds_) {
      const bool all = name.ends_with('*') && metric.starts_with(name.substr(0, name.size() - 1));
      if (all || name == metric) return kind;
    }
    return {};
  }
  bool without_label(const std::string& label) const { return kind(label) == "label"; }
  std::size_t size() const { return kinds_.size(); }

 private:
  std::map<std::string, std::string> kinds_;
};

// postgres_exporter with its defaults, as the role of the agent.
class PostgresExporter {
 public:
  explicit PostgresExporter(const PgCluster& cluster)
      : process_({{"prometheus-postgres-exporter", "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
                  {{"DATA_SOURCE_NAME", cluster.conninfo(connected_database, "pgvigil") + " sslmode=disable"}},
                  {},
                  {},
                  {},
                  SIGKILL}) {
    if (!eventually(patience, [&] { return page().find("pg_up 1") != std::string::npos || !process_.running(); }) ||
        !process_.running())
      throw std::runtime_error("postgres_exporter does not start: " + process_.error_output());
  }

  std::string page() const {
    Process curl({"curl", "--silent", "--max-time", "10", fmt::format("http://127.0.0.1:{}/metrics", port_)});
    curl.wait(patience);
    curl.wait_for_end_of_output(patience);
    return curl.output();
  }

 private:
  std::uint16_t port_ = free_port();
  Process process_;
};

std::set<std::string> label_names(const std::map<LabelSet, double>& series) {
  std::set<std::string> names;
  for (const auto& [labels, value] : series) {
    for (const auto& [name, text] : labels) names.insert(name);
  }
  return names;
}

std::string shown(const std::string& metric, const LabelSet& labels) {
  std::string text = metric;
  for (const auto& [name, value] : labels) text += fmt::format(" {}={}", name, value);
  return text;
}

// A value that moves only in one direction must lie between what was read before and after.
bool between(double before, double value, double after) {
  const double slack = 1e-6 * std::abs(value);
  return value >= std::min(before, after) - slack && value <= std::max(before, after) + slack;
}

class BesidePostgresExporter : public testing::TestWithParam<int> {
 protected:
  BesidePostgresExporter() { agent_.start(); }

  // One reading of all collectors at this moment, whatever their intervals.
  Exposition collected() const {
    Process collect({PGVIGIL_BINARY, "collect", "-c", agent_.config_file(), "--format", "text"});
    collect.wait(patience);
    collect.wait_for_end_of_output(patience);
    return parse_exposition(collect.output());
  }

  // What postgres_exporter shows of a metric that pgvigil does not show in the same way.
  std::vector<std::string> compare(const std::string& metric, const std::map<LabelSet, double>& theirs,
                                   const Exposition& before, const Exposition& after) const {
    const std::string kind = differences_.kind(metric);
    if (kind == "absent") return {};
    if (!before.contains(metric) || !after.contains(metric)) return {metric + " is not there"};
    if (kind == "labels" || kind == "own labels") return {};
    std::vector<std::string> found;
    std::set<std::string> known = label_names(theirs);
    for (const std::string& name : label_names(before.at(metric)))
      if (!known.contains(name)) found.push_back(fmt::format("{} has the label {} more", metric, name));
    for (const auto& [labels, value] : theirs) {
      LabelSet wanted = labels;
      std::erase_if(wanted, [&](const auto& label) { return differences_.without_label(label.first); });
      const auto first = before.at(metric).find(wanted);
      const auto second = after.at(metric).find(wanted);
      if (first == before.at(metric).end() || second == after.at(metric).end()) {
        found.push_back(shown(metric, wanted) + " is not there");
        continue;
      }
      const auto database = wanted.find("datname");
      const bool connected = database != wanted.end() && database->second == connected_database;
      const bool moves = kind == "value" || (kind == "own session" && connected);
      if (!moves && !between(first->second, value, second->second))
        found.push_back(fmt::format("{} is {}, not {}", shown(metric, wanted), first->second, value));
    }
    return found;
  }

  std::vector<std::string> all_differences() const {
    const Exposition before = with_own_metrics(collected());
    const Exposition theirs = parse_exposition(peer_.page());
    const Exposition after = with_own_metrics(collected());
    std::vector<std::string> found;
    for (const auto& [metric, series] : theirs) {
      const auto more = compare(metric, series, before, after);
      found.insert(found.end(), more.begin(), more.end());
    }
    return found;
  }

  // `collect` does not show what only a running agent has to say of itself.
  Exposition with_own_metrics(Exposition collected) const {
    collected.merge(parse_exposition(agent_.metrics()));
    return collected;
  }

  WatchedServers servers_{GetParam()};
  Agent agent_{servers_.primary.conninfo(connected_database, "pgvigil"), ""};
  PostgresExporter peer_{servers_.primary};
  Differences differences_;
};

// Its first line: "postgres_exporter, version 0.11.1+ds (branch: …".
std::string peer_version() {
  Process peer({"prometheus-postgres-exporter", "--version"});
  peer.wait(patience);
  peer.wait_for_end_of_output(patience);
  const std::string said = peer.output() + peer.error_output();
  return said.substr(0, said.find(" ("));
}

TEST_P(BesidePostgresExporter, EveryNameLabelAndValueIsTheSameApartFromTheListInTheDocument) {
  if (const std::string other = peer_version(); other.find(" version 0.11.1") == std::string::npos)
    GTEST_SKIP() << "the document lists what differs from 0.11.1, and installed is " << other;
  ASSERT_GT(differences_.size(), 10U);
  ASSERT_GT(parse_exposition(peer_.page()).size(), 250U) << "postgres_exporter shows what it has";
  std::vector<std::string> found;
  eventually(patience, [&] {
    found = all_differences();
    return found.empty();
  });
  EXPECT_TRUE(found.empty()) << join(found, "\n");
}

// Of other releases than Debian's, and of queries.yaml files that came with it: what the dashboards 9628, 14114 and
// 12485 of grafana.com, the mixin and awesome-prometheus-alerts ask for.
TEST_P(BesidePostgresExporter, WhatDashboardsAskForBesidesIsThere) {
  const std::set<std::string> wanted{
      "pg_up", "pg_static", "pg_postmaster_start_time_seconds", "pg_database_size", "pg_database_size_bytes",
      "pg_replication_lag", "pg_replication_is_replica", "pg_replication_slots_active", "pg_exporter_last_scrape_error",
      "pg_stat_activity_count", "pg_stat_activity_max_tx_duration", "pg_locks_count", "pg_settings_max_connections",
      "pg_settings_superuser_reserved_connections", "pg_settings_max_locks_per_transaction",
      "pg_settings_shared_buffers_bytes", "pg_settings_effective_cache_size_bytes",
      "pg_settings_maintenance_work_mem_bytes", "pg_settings_work_mem_bytes", "pg_settings_max_wal_size_bytes",
      "pg_settings_random_page_cost", "pg_settings_seq_page_cost", "pg_settings_max_worker_processes",
      "pg_settings_max_parallel_workers", "pg_settings_autovacuum_vacuum_threshold",
      "pg_settings_autovacuum_vacuum_scale_factor", "pg_stat_bgwriter_checkpoints_timed",
      "pg_stat_bgwriter_checkpoints_req", "pg_stat_bgwriter_checkpoint_write_time",
      "pg_stat_bgwriter_checkpoint_sync_time", "pg_stat_bgwriter_buffers_checkpoint", "pg_stat_bgwriter_buffers_clean",
      "pg_stat_bgwriter_maxwritten_clean", "pg_stat_bgwriter_buffers_backend", "pg_stat_bgwriter_buffers_backend_fsync",
      "pg_stat_bgwriter_buffers_alloc",
      // On 17 and later too, where postgres_exporter lost them.
      "pg_stat_bgwriter_checkpoints_timed_total", "pg_stat_bgwriter_checkpoints_req_total",
      "pg_stat_bgwriter_checkpoint_write_time_total", "pg_stat_bgwriter_checkpoint_sync_time_total",
      "pg_stat_bgwriter_buffers_checkpoint_total", "pg_stat_bgwriter_buffers_clean_total",
      "pg_stat_bgwriter_maxwritten_clean_total", "pg_stat_bgwriter_buffers_backend_total",
      "pg_stat_bgwriter_buffers_backend_fsync_total", "pg_stat_bgwriter_buffers_alloc_total",
      "pg_stat_user_tables_seq_scan", "pg_stat_user_tables_seq_tup_read", "pg_stat_user_tables_idx_scan",
      "pg_stat_user_tables_idx_tup_fetch", "pg_stat_user_tables_n_tup_ins", "pg_stat_user_tables_n_tup_upd",
      "pg_stat_user_tables_n_tup_del", "pg_stat_user_tables_n_tup_hot_upd", "pg_stat_user_tables_n_live_tup",
      "pg_stat_user_tables_n_dead_tup", "pg_stat_user_tables_n_mod_since_analyze", "pg_stat_user_tables_last_vacuum",
      "pg_stat_user_tables_last_analyze", "pg_stat_user_tables_vacuum_count", "pg_stat_user_tables_autovacuum_count",
      "pg_stat_user_tables_analyze_count", "pg_stat_user_tables_autoanalyze_count",
      "pg_statio_user_tables_heap_blocks_read", "pg_statio_user_tables_heap_blocks_hit",
      "pg_statio_user_tables_idx_blocks_read", "pg_statio_user_tables_idx_blocks_hit", "pg_stat_statements_calls",
      "pg_stat_statements_total_time_seconds", "pg_stat_statements_calls_total", "pg_stat_statements_seconds_total",
      "pg_stat_statements_rows_total", "process_cpu_seconds_total", "process_resident_memory_bytes",
      "process_virtual_memory_bytes", "process_open_fds"};
  std::set<std::string> missing;
  eventually(patience, [&] {
    missing = wanted;
    for (const auto& [name, series] : parse_exposition(agent_.metrics())) missing.erase(name);
    return missing.empty();
  });
  EXPECT_EQ(missing, std::set<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Versions, BesidePostgresExporter, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
