// A role that may log in and nothing else: what it cannot see is said, with the GRANT.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/catalog_reader.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;

class BareRole : public testing::TestWithParam<int> {
 protected:
  PgCluster cluster_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Versions, BareRole, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(BareRole, IsToldWhatItLacksInsteadOfNothing) {
  cluster_.execute("CREATE ROLE bare LOGIN");
  CatalogReader reader(cluster_, "postgres", "bare");
  for (const char* name : {"blocking", "idle_in_transaction", "long_running_transactions", "tablespace_size"}) {
    EXPECT_THAT(reader.run(name).skipped, HasSubstr("GRANT pg_read_all_stats or pg_monitor")) << name;
  }
  cluster_.execute("CREATE SEQUENCE numbers");
  EXPECT_EQ(reader.value("sequences_unread", "pg_sequences_unread"), 1);
  cluster_.execute("GRANT pg_monitor TO bare");
  CatalogReader granted(cluster_, "postgres", "bare");
  for (const char* name : {"blocking", "idle_in_transaction", "long_running_transactions", "tablespace_size"}) {
    EXPECT_EQ(granted.run(name).skipped, "") << name;
  }
}

}  // namespace
}  // namespace pgvigil
