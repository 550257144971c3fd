// What the runbooks tell people to run at three in the morning does run.

#include "tests/support/runbooks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

class Runbooks : public testing::TestWithParam<int> {
 protected:
  Runbooks() {
    cluster.execute("CREATE EXTENSION pg_stat_statements");
    cluster.execute("CREATE SCHEMA pgvigil");
    cluster.execute(
        "CREATE TABLE pgvigil.backup_log (id text, job text, database text, kind text, state text, started_at "
        "timestamptz,"
        " finished_at timestamptz, raw_bytes bigint, stored_bytes bigint, location text, error text)");
    cluster.execute(
        "CREATE TABLE pgvigil.recovery_tests (id text, job text, database text, backup_id text, test_date timestamptz,"
        " success boolean, restore_time_seconds numeric, error text)");
  }

  PgCluster cluster{GetParam()};
};

TEST_P(Runbooks, QueriesOnlyReadAndWorkAsTheyStandThere) {
  PgConnection session = cluster.connect();
  session.query("SET default_transaction_read_only = on", milliseconds(5000), {});
  int tried = 0;
  for (const Runbook& runbook : runbooks()) {
    for (const std::string& query : runbook.queries) {
      EXPECT_NO_THROW(session.query(query, milliseconds(30000), {})) << runbook.rule << ":\n" << query;
      ++tried;
    }
  }
  EXPECT_GE(tried, 100);
}

// As the body of a function that nobody calls: it is parsed, and queries in it are looked up, but nothing is done.
TEST_P(Runbooks, CommandsAreValid) {
  PgConnection session = cluster.connect();
  for (const Runbook& runbook : runbooks()) {
    for (const std::string& commands : runbook.commands) {
      EXPECT_NO_THROW(
          session.query(fmt::format("CREATE OR REPLACE FUNCTION pg_temp.commands() RETURNS void LANGUAGE sql"
                                    " AS $runbook$ {} $runbook$",
                                    commands),
                        milliseconds(5000), {}))
          << runbook.rule << ":\n"
          << commands;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Runbooks, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
