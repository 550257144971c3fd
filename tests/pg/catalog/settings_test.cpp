#include <gtest/gtest.h>

#include <fstream>

#include "collectors/settings_reader.h"
#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{20000};

class SettingsCollector : public testing::TestWithParam<int> {
 protected:
  SettingsCollector() { create_monitoring_role(cluster_); }

  std::optional<double> setting(const std::string& name) {
    auto session = catalog_.connections().lease(std::chrono::steady_clock::now() + seconds(5), {});
    for (const Family& family : SettingsReader().read(session, {}).families) {
      if (family.name == "pg_settings_" + name) return (*family.samples.begin()).value;
    }
    return std::nullopt;
  }

  PgCluster cluster_{GetParam(),
                     {{"autovacuum_work_mem", "-1"}, {"wal_keep_size", "48MB"}, {"archive_timeout", "3min"}}};
  CatalogReader catalog_{cluster_};
};

TEST_P(SettingsCollector, ShowsBaseUnits) {
  EXPECT_EQ(setting("shared_buffers_bytes"), 32 * 1024 * 1024) << "in pages of 8 kB";
  EXPECT_EQ(setting("wal_keep_size_bytes"), 48 * 1024 * 1024) << "in MB";
  EXPECT_EQ(setting("maintenance_work_mem_bytes"), 64 * 1024 * 1024) << "in kB";
  EXPECT_EQ(setting("wal_segment_size_bytes"), 16 * 1024 * 1024) << "in bytes";
  EXPECT_EQ(setting("autovacuum_naptime_seconds"), 60) << "in seconds";
  EXPECT_EQ(setting("archive_timeout_seconds"), 180);
  EXPECT_DOUBLE_EQ(*setting("autovacuum_vacuum_cost_delay_seconds"), 0.002) << "in milliseconds";
  EXPECT_EQ(setting("autovacuum_work_mem_bytes"), -1) << "-1 is no size";
  EXPECT_DOUBLE_EQ(*setting("autovacuum_vacuum_scale_factor"), 0.2);
  EXPECT_EQ(setting("max_connections"), 50);
  EXPECT_EQ(setting("autovacuum"), 1);
  EXPECT_EQ(setting("fsync"), 0);
  EXPECT_EQ(setting("pg_stat_statements_max"), 5000) << "of an extension";
  EXPECT_EQ(setting("wal_level"), std::nullopt) << "a word";
}

TEST_P(SettingsCollector, ShowsTheServersValueWhereTheAgentsSessionHasItsOwn) {
  EXPECT_EQ(setting("statement_timeout_seconds"), 0);
  EXPECT_EQ(setting("lock_timeout_seconds"), 0);
  EXPECT_EQ(setting("default_transaction_read_only"), 0);
  EXPECT_EQ(setting("transaction_read_only"), 0);
  EXPECT_EQ(setting("jit"), 1);
  cluster_.execute("ALTER ROLE pgvigil SET statement_timeout = '90s'");
  CatalogReader later(cluster_);
  auto session = later.connections().lease(std::chrono::steady_clock::now() + seconds(5), {});
  for (const Family& family : SettingsReader().read(session, {}).families) {
    if (family.name == "pg_settings_statement_timeout_seconds") {
      EXPECT_EQ((*family.samples.begin()).value, 90);
    }
  }
}

TEST_P(SettingsCollector, CountsWhatWaitsForARestart) {
  const auto pending = [&] { return catalog_.value("configuration", "pg_settings_pending_restart"); };
  EXPECT_EQ(pending(), 0);
  cluster_.set("max_connections", "51");
  EXPECT_TRUE(eventually(patience, [&] { return pending() == 1; }));
  EXPECT_EQ(setting("max_connections"), 50);
}

TEST_P(SettingsCollector, FindsMistakesInFilesWhereTheRoleMayLook) {
  EXPECT_NE(catalog_.run("configuration_files").skipped, "");
  EXPECT_NE(catalog_.run("hba_files").skipped, "");
  cluster_.execute("GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO pgvigil");
  CatalogReader permitted(cluster_);
  EXPECT_EQ(permitted.value("configuration_files", "pg_configuration_files_errors"), 0);
  EXPECT_EQ(permitted.value("hba_files", "pg_hba_file_errors"), 0);
  EXPECT_GT(*permitted.value("hba_files", "pg_hba_file_rules"), 0);
  cluster_.set("work_mem", "plenty");
  std::ofstream(cluster_.data_folder() / "pg_hba.conf", std::ios::app) << "host all all 10.0.0.0/8 telepathy\n"
                                                                       << "host all all 10.0.0.0/8 trust\n";
  EXPECT_EQ(permitted.value("configuration_files", "pg_configuration_files_errors"), 1);
  EXPECT_EQ(permitted.value("hba_files", "pg_hba_file_errors"), 1);
  EXPECT_EQ(permitted.value("hba_files", "pg_hba_file_network_trust_rules"), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, SettingsCollector, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
