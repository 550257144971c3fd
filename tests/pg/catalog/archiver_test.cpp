#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{60000};

class ArchiverCatalog : public testing::TestWithParam<int> {
 protected:
  std::optional<double> archiver(const char* metric) { return CatalogReader(cluster_).value("archiver", metric); }
  std::optional<double> waiting() {
    return CatalogReader(cluster_).value("archive_backlog", "pg_stat_archiver_waiting_files");
  }
  // The archiver tries a file three times, a second apart, and then rests for a minute, unless a new file or a new
  // configuration wakes it.
  void finish_wal_file() {
    cluster_.execute("SELECT pg_create_restore_point('a record')");
    cluster_.execute("SELECT pg_switch_wal()");
  }

  PgCluster cluster_{GetParam(), {{"archive_mode", "on"}, {"archive_command", "/bin/true"}}};
};

TEST_P(ArchiverCatalog, FailingMeansThatTheLastAttemptFailed) {
  create_monitoring_role(cluster_);
  EXPECT_EQ(archiver("pg_stat_archiver_enabled"), 1);
  EXPECT_EQ(archiver("pg_stat_archiver_failing"), 0);

  finish_wal_file();
  EXPECT_TRUE(eventually(patience, [&] { return archiver("pg_stat_archiver_archived_total") >= 1; }));
  EXPECT_EQ(archiver("pg_stat_archiver_failing"), 0);
  EXPECT_GE(*archiver("pg_stat_archiver_last_archived_age_seconds"), 0);

  cluster_.set("archive_command", "/bin/false");
  finish_wal_file();
  EXPECT_TRUE(eventually(patience, [&] { return archiver("pg_stat_archiver_failing") == 1; }));
  EXPECT_GE(*archiver("pg_stat_archiver_failed_total"), 1);
  EXPECT_GE(*waiting(), 1);

  cluster_.set("archive_command", "/bin/true");
  EXPECT_TRUE(eventually(patience, [&] {
    finish_wal_file();
    return archiver("pg_stat_archiver_failing") == 0;
  }));
  EXPECT_TRUE(eventually(patience, [&] { return waiting() == 0; }));
}

TEST_P(ArchiverCatalog, AnEmptyCommandFailsNothingButLeavesABacklog) {
  create_monitoring_role(cluster_);
  cluster_.set("archive_command", "");
  ASSERT_TRUE(eventually(patience, [&] { return cluster_.execute("SHOW archive_command").text(0, 0).empty(); }));
  finish_wal_file();
  EXPECT_TRUE(eventually(patience, [&] { return waiting() >= 1; }));
  EXPECT_EQ(archiver("pg_stat_archiver_failing"), 0);
  EXPECT_EQ(archiver("pg_stat_archiver_last_archived_age_seconds"), std::nullopt)
      << "nothing was ever archived: no age";
}

TEST_P(ArchiverCatalog, AnArchiverThatWasSwitchedOffFailsNoMore) {
  create_monitoring_role(cluster_);
  cluster_.set("archive_command", "/bin/false");
  finish_wal_file();
  ASSERT_TRUE(eventually(patience, [&] { return archiver("pg_stat_archiver_failing") == 1; }));
  cluster_.set("archive_mode", "off");
  cluster_.stop();
  cluster_.start();
  EXPECT_GE(*archiver("pg_stat_archiver_failed_total"), 1) << "the statistics remember it";
  EXPECT_EQ(archiver("pg_stat_archiver_enabled"), 0);
  EXPECT_EQ(archiver("pg_stat_archiver_failing"), 0);
}

INSTANTIATE_TEST_SUITE_P(Versions, ArchiverCatalog, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
