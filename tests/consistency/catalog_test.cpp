// Every collector of the catalogue on every PostgreSQL version that is here, on a primary and on a standby.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <memory>
#include <set>

#include "collectors/sql_reader.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/watched_servers.h"

namespace pgvigil {
namespace {

// What a healthy test server need not show: corruption and failures, settings of later versions, what comes and goes
// with traffic, and what autovacuum does in its own time.
const std::set<std::string> silent_in_health{
    "pg_stat_database_checksum_failures_total",
    "pg_stat_database_checksum_last_failure_timestamp_seconds",
    "pg_stat_archiver_last_failed_timestamp_seconds",
    "pg_stat_database_checksum_failures",
    "pg_stat_database_checksum_last_failure",
    "pg_database_collation_version_mismatch",
    "pg_database_connections_used_ratio",
    "pg_roles_connections_used_ratio",
    "pg_roles_password_valid_until_timestamp_seconds",
    "pg_long_running_transactions_oldest_timestamp_seconds",
    "pg_stat_activity_wait_backends",
    "pg_replication_slots_conflicting",
    "pg_replication_slots_two_phase_at_lsn_bytes",
    "pg_stat_replication_feedback_xmin_age_xids",
    "pg_stat_replication_slots_stats_reset_timestamp_seconds",
    "pg_stat_database_stats_reset",
    "pg_stat_database_stats_reset_timestamp_seconds",
    "pg_stat_replication_write_lag_seconds",
    "pg_stat_replication_flush_lag_seconds",
    "pg_stat_replication_replay_lag_seconds",
    "pg_stat_user_tables_last_autovacuum",
    "pg_stat_user_tables_last_autoanalyze",
};

// What shows nothing while nobody does such a thing; their own tests do.
constexpr std::array silent_kinds{"pg_stat_progress_", "pg_stat_subscription_", "pg_prepared_transactions",
                                  "pg_log_directory_", "pg_stat_activity_user_"};

bool may_be_silent(const std::string& metric) {
  return silent_in_health.contains(metric) || std::any_of(silent_kinds.begin(), silent_kinds.end(),
                                                          [&](const char* kind) { return metric.starts_with(kind); });
}

class CatalogOnServers : public testing::TestWithParam<int> {
 protected:
  static void TearDownTestSuite() { made().clear(); }

  static WatchedServers& servers() {
    auto& servers = made()[GetParam()];
    if (!servers) servers = std::make_unique<WatchedServers>(GetParam());
    return *servers;
  }

  // Calls `check(entry, server)` for every collector on both servers.
  template <typename Check>
  static void for_each(Check check) {
    for (const PgCluster* server : {&servers().primary, &servers().standby}) {
      CatalogReader reader(*server);
      for (const CatalogEntry& entry : built_in_catalog()) {
        SCOPED_TRACE(entry.name + (server == &servers().primary ? " on the primary" : " on the standby"));
        check(entry, reader);
      }
    }
  }

 private:
  static std::map<int, std::unique_ptr<WatchedServers>>& made() {
    static std::map<int, std::unique_ptr<WatchedServers>> servers;
    return servers;
  }
};

std::set<std::string> column_names(const PgRows& rows) {
  std::set<std::string> names;
  for (int column = 0; column < rows.columns(); ++column) names.insert(rows.column_name(column));
  return names;
}

TEST_P(CatalogOnServers, EveryQueryReturnsExactlyTheColumnsThatItsFileDeclares) {
  for_each([](const CatalogEntry& entry, CatalogReader& reader) {
    auto session = reader.connections().lease(std::chrono::steady_clock::now() + seconds(5), {});
    const VariantChoice choice = choose_variant(entry, session, {});
    if (choice.variant == nullptr) return;
    const PgRows described = session.connection().describe(query_text(*choice.variant, session.facts()));
    std::set<std::string> declared;
    for (const CatalogColumn* column : entry.columns_for(session.facts().version)) declared.insert(column->name);
    EXPECT_EQ(column_names(described), declared);
  });
}

TEST_P(CatalogOnServers, OnlyWhatTheServerCannotHaveIsSkipped) {
  std::set<std::string> skipped;
  for_each([&](const CatalogEntry& entry, CatalogReader& reader) {
    const std::string reason = reader.run(entry.name).skipped;
    if (!reason.empty()) skipped.insert(entry.name);
  });
  // What only one of the two roles has, and what needs more than pg_monitor.
  std::set<std::string> expected{"subscriptions", "configuration_files", "hba_files", "autovacuum_backlog"};
  const auto begin_with = [&](int version, std::initializer_list<const char*> entries) {
    if (GetParam() < version) expected.insert(entries.begin(), entries.end());
  };
  begin_with(14, {"wal", "statements_info", "logical_decoding", "progress_copy"});
  begin_with(15, {"database_collation"});
  begin_with(16, {"io", "buffercache"});
  expected.insert({"recovery_prefetch", "subscription_stats"});
  EXPECT_EQ(skipped, expected);
}

TEST_P(CatalogOnServers, NoSeriesAppearsTwice) {
  for_each([](const CatalogEntry& entry, CatalogReader& reader) {
    for (const Family& family : reader.run(entry.name).families) {
      std::set<std::vector<std::string>> seen;
      for (const SeriesView sample : family.samples) {
        EXPECT_EQ(sample.label_values.size(), family.label_names.size());
        const std::vector<std::string> labels(sample.label_values.begin(), sample.label_values.end());
        EXPECT_TRUE(seen.insert(labels).second) << family.name;
      }
    }
  });
}

TEST_P(CatalogOnServers, CountersAndSizesAreNotNegative) {
  for_each([](const CatalogEntry& entry, CatalogReader& reader) {
    for (const Family& family : reader.run(entry.name).families) {
      const bool counts = family.type == MetricType::counter || family.name.ends_with("_ratio");
      for (const SeriesView sample : family.samples) {
        EXPECT_TRUE(std::isfinite(sample.value)) << family.name;
        EXPECT_TRUE(!counts || sample.value >= 0) << family.name << ' ' << sample.value;
        EXPECT_TRUE(!family.name.ends_with("_hit_ratio") || sample.value <= 1) << family.name << ' ' << sample.value;
      }
    }
  });
}

TEST_P(CatalogOnServers, EveryMetricOfTheVersionIsSeenOnOneOfTheServers) {
  std::set<std::string> expected;
  std::set<std::string> seen;
  for_each([&](const CatalogEntry& entry, CatalogReader& reader) {
    const CatalogReader::Run run = reader.run(entry.name);
    if (!run.skipped.empty()) return;
    for (const CatalogColumn* column : entry.columns_for(GetParam() * 10000)) {
      if (column->is_value()) expected.insert(column->metric);
    }
    for (const Family& family : run.families) {
      if (!family.samples.empty()) seen.insert(family.name);
    }
  });
  std::set<std::string> silent;
  std::set_difference(expected.begin(), expected.end(), seen.begin(), seen.end(), std::inserter(silent, silent.end()));
  std::erase_if(silent, may_be_silent);
  EXPECT_THAT(silent, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Versions, CatalogOnServers, testing::ValuesIn(PgCluster::available_versions()));

TEST(Catalog, EveryMetricIsDefinedInOneFileAndExplained) {
  std::map<std::string, std::string> owners;
  for (const CatalogEntry& entry : built_in_catalog()) {
    for (const CatalogColumn& column : entry.columns) {
      if (!column.is_value()) continue;
      EXPECT_TRUE(owners.emplace(column.metric, entry.name).second)
          << column.metric << " is in " << owners[column.metric] << " and in " << entry.name;
      EXPECT_TRUE(column.help.ends_with(".")) << column.metric << ": " << column.help;
    }
  }
  EXPECT_GT(owners.size(), 200U);
}

TEST(Catalog, NamesAndTypesAgree) {
  for (const CatalogEntry& entry : built_in_catalog()) {
    for (const CatalogColumn& column : entry.columns) {
      EXPECT_FALSE(column.usage == CatalogColumn::Usage::gauge && column.metric.ends_with("_total")) << column.metric;
      EXPECT_EQ(column.metric.find("_milliseconds"), std::string::npos) << column.metric;
    }
  }
}

TEST(Catalog, AStatementMayNotTakeLongerThanItsInterval) {
  for (const CatalogEntry& entry : built_in_catalog()) EXPECT_LT(entry.timeout, entry.interval) << entry.name;
}

}  // namespace
}  // namespace pgvigil
