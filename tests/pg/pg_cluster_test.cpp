#include "tests/support/pg_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace pgvigil {
namespace {

class Cluster : public testing::TestWithParam<int> {
 protected:
  PgCluster cluster_{GetParam(), {{"work_mem", "5MB"}}};
};

INSTANTIATE_TEST_SUITE_P(Versions, Cluster, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(Cluster, IsOfTheVersionAskedForAndHasTheSettingsGiven) {
  EXPECT_EQ(cluster_.connect().server_version() / 10000, GetParam());
  EXPECT_EQ(cluster_.execute("SHOW work_mem").text(0, 0), "5MB");
}

TEST_P(Cluster, KeepsWhatWasCommittedThroughAKill) {
  cluster_.execute("CREATE TABLE kept AS SELECT 42 AS n");
  cluster_.execute("CHECKPOINT");
  cluster_.kill();
  EXPECT_THROW(cluster_.connect(), Error);
  cluster_.start();
  EXPECT_EQ(cluster_.execute("SELECT n FROM kept").text(0, 0), "42");
}

TEST_P(Cluster, ReloadsASetting) {
  cluster_.set("work_mem", "7MB");
  EXPECT_TRUE(eventually(seconds(10), [&] { return cluster_.execute("SHOW work_mem").text(0, 0) == "7MB"; }));
}

TEST(Clusters, OfBothSupportedVersionsAreThere) {
  EXPECT_THAT(PgCluster::available_versions(), testing::IsSupersetOf({15, 17}));
}

}  // namespace
}  // namespace pgvigil
