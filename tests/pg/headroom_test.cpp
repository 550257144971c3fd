#include <gtest/gtest.h>

#include <cmath>

#include "collectors/headroom/disk_space_task.h"
#include "collectors/headroom/headroom_task.h"
#include "tests/support/standby.h"
#include "tests/support/task_reader.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;

class Headroom : public testing::TestWithParam<int> {
 protected:
  Headroom() {
    cluster_.execute("CREATE ROLE pgvigil LOGIN");
    cluster_.execute("GRANT pg_monitor TO pgvigil");
  }

  double server(const std::string& expression) const {
    return std::stod(cluster_.execute("SELECT " + expression).text(0, 0));
  }

  PgCluster cluster_{GetParam(), {{"max_slot_wal_keep_size", "10GB"}, {"autovacuum", "off"}}};
  HeadroomTask task_;
};

constexpr auto slot_headroom = "pg_replication_slot_headroom_seconds";
constexpr auto wraparound = "pg_wraparound_estimated_seconds";
constexpr auto multixacts = "pg_multixact_wraparound_estimated_seconds";

TEST_P(Headroom, OfASlotIsWhatItMayKeepDividedByTheRateOfWal) {
  cluster_.execute("SELECT pg_create_physical_replication_slot('s', true)");
  TaskReader reader(cluster_, task_);
  reader.run();
  EXPECT_EQ(reader.value(slot_headroom), std::nullopt);  // no rate yet
  const double before = server("pg_current_wal_lsn() - '0/0'");
  cluster_.execute("CREATE TABLE t AS SELECT g FROM generate_series(1, 100000) g");
  reader.run_after(60s);
  const double made = server("pg_current_wal_lsn() - '0/0'") - before;
  const double left = server("safe_wal_size FROM pg_replication_slots");
  EXPECT_NEAR(
      reader.value(slot_headroom, {{"slot_name", "s"}, {"slot_type", "physical"}}).value_or(0) / (left / (made / 60)),
      1, 0.02);
}

TEST_P(Headroom, OfASlotWithoutALimitIsNotKnown) {
  cluster_.set("max_slot_wal_keep_size", "-1");
  cluster_.execute("SELECT pg_create_physical_replication_slot('s', true)");
  TaskReader reader(cluster_, task_);
  reader.run();
  cluster_.execute("CREATE TABLE t AS SELECT g FROM generate_series(1, 1000) g");
  reader.run_after(60s);
  EXPECT_EQ(reader.value(slot_headroom), std::nullopt);
  EXPECT_EQ(reader.families().front().samples.size(), 1U);  // the slot itself is known
}

TEST_P(Headroom, OfTransactionIdsGoesByTheRateTheyAreUsedAt) {
  TaskReader reader(cluster_, task_);
  reader.run();
  PgConnection connection = cluster_.connect();
  for (int i = 0; i < 600; ++i) connection.query("SELECT pg_current_xact_id()");
  reader.run_after(600s);
  const double ids_left =
      2147483647.0 - (GetParam() >= 14 ? 3e6 : 1e6) - server("age(datfrozenxid) FROM pg_database LIMIT 1");
  EXPECT_NEAR(reader.value(wraparound, {{"datname", "template0"}}).value_or(0) / ids_left, 1, 0.02);  // one a second
  EXPECT_EQ(reader.count(wraparound), 3U);
  EXPECT_EQ(reader.count(multixacts), 0U);  // none were used
}

TEST_P(Headroom, OfMultixactIdsGoesByTheRateTheyAreUsedAt) {
  cluster_.execute("CREATE TABLE t AS SELECT 1 AS a");
  PgConnection first = cluster_.connect();
  PgConnection second = cluster_.connect();
  TaskReader reader(cluster_, task_);
  reader.run();
  for (int i = 0; i < 600; ++i) {
    for (PgConnection* connection : {&first, &second}) {
      connection->query("BEGIN");
      connection->query("SELECT FROM t FOR SHARE");
    }
    first.query("COMMIT");
    second.query("COMMIT");
  }
  reader.run_after(600s);
  const double ids_left = 2147483647.0 - (GetParam() >= 14 ? 3e6 : 100);
  EXPECT_NEAR(reader.value(multixacts, {{"datname", "postgres"}}).value_or(0) / ids_left, 1, 0.02);
}

TEST_P(Headroom, OnAStandbyGoesByTheWalThatItReceives) {
  PgCluster standby(GetParam());
  make_standby(cluster_, standby);
  standby.execute("SELECT pg_create_physical_replication_slot('further', true)");
  ASSERT_TRUE(caught_up(cluster_, standby, 30s));
  TaskReader reader(standby, task_);
  reader.run();
  PgConnection connection = cluster_.connect();
  connection.query("CREATE TABLE t AS SELECT g FROM generate_series(1, 10000) g");
  for (int i = 0; i < 600; ++i) connection.query("SELECT pg_current_xact_id()");
  connection.query("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(caught_up(cluster_, standby, 30s));
  reader.run_after(600s);
  EXPECT_GT(reader.value(slot_headroom, {{"slot_name", "further"}}).value_or(0), 0);
  EXPECT_GT(reader.value(wraparound, {{"datname", "postgres"}}).value_or(0), 0);
}

TEST_P(Headroom, OfTheDiskIsThatOfTheServersOwnFolderOnThisHost) {
  DiskSpaceTask disk({});
  TaskReader reader(cluster_, disk);
  reader.run();
  ASSERT_EQ(reader.skipped(), "");
  const auto space = std::filesystem::space(cluster_.data_folder());
  EXPECT_EQ(reader.value("pg_disk_size_bytes"), static_cast<double>(space.capacity));
  EXPECT_GT(reader.value("pg_disk_free_bytes").value_or(0), 0);
  EXPECT_EQ(reader.count("pg_disk_directory_info", {{"directory", "data"}}), 1U);
  EXPECT_EQ(reader.value("pg_disk_full_estimated_seconds"), std::nullopt);
}

TEST_P(Headroom, OfTheDiskNeedsTheRightOrTheFoldersName) {
  cluster_.execute("CREATE ROLE nosy LOGIN");
  DiskSpaceTask disk({});
  TaskReader reader(cluster_, disk, "postgres", "nosy");
  reader.run();
  EXPECT_NE(reader.skipped().find("pg_read_all_settings"), std::string::npos);
  DiskSpaceTask configured({cluster_.data_folder(), {}});
  TaskReader allowed(cluster_, configured, "postgres", "nosy");
  allowed.run();
  EXPECT_EQ(allowed.skipped(), "");
  DiskSpaceTask wrong({"/no/such/folder", {}});
  TaskReader nowhere(cluster_, wrong);
  nowhere.run();
  EXPECT_NE(nowhere.skipped().find("/no/such/folder"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Versions, Headroom, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
