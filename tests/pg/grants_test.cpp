// What a role lacks on a real server, and that the SQL printed for it is enough.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "collectors/connections.h"
#include "collectors/privilege_check.h"
#include "core/text.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Pair;
using testing::UnorderedElementsAre;

class Grants : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    for (const char* statement :
         {"CREATE ROLE \"the agent\" LOGIN", "CREATE DATABASE shut", "REVOKE CONNECT ON DATABASE shut FROM PUBLIC",
          "CREATE SCHEMA app", "CREATE TABLE app.orders (id int)",
          "CREATE FUNCTION app.secret(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
          "REVOKE EXECUTE ON FUNCTION app.secret FROM PUBLIC"}) {
      cluster_.execute(statement);
    }
  }

  MissingPrivileges missing(const std::vector<CatalogEntry>& entries) {
    const SystemClock clock;
    PgOptions options;
    options.conninfo = cluster_.conninfo("postgres", "'the agent'");
    ConnectionPool connections(options, 1, clock);
    auto session = connections.lease(clock.steady_now() + seconds(5), {});
    return find_missing_privileges(entries, session);
  }

  // In all databases.
  MissingPrivileges missing_everywhere() const {
    const SystemClock clock;
    PgOptions options;
    options.conninfo = cluster_.conninfo("postgres", "'the agent'");
    ConnectionPool connections(options, 1, clock);
    return find_missing_privileges(built_in_catalog(), connections, {}, clock);
  }

  static CatalogEntry entry(const std::string& name, const std::string& variant) {
    Problems problems;
    auto section = Section::parse("name: " + name + "\nhelp: x\nmetric_prefix: x\nvariants: [{ " + variant +
                                      " }]\ncolumns: { n: { usage: gauge, help: x } }\n",
                                  "x.yaml", problems);
    CatalogEntry result = decode_catalog_entry(*section);
    EXPECT_TRUE(problems.empty());
    return result;
  }

  // As psql would.
  void run_script(const MissingPrivileges& what) const {
    constexpr std::string_view connect = "\\connect ";
    std::string database = "postgres";
    for (const std::string& line : split(grant_script(what), '\n')) {
      if (line.starts_with(connect)) {
        database = line.substr(connect.size());
        std::replace(database.begin(), database.end(), '"', '\'');
        continue;
      }
      if (line.empty() || line.starts_with("--")) continue;
      for (const std::string& statement : split(line, ';')) {
        if (!trim(statement).empty()) cluster_.execute(statement, database);
      }
    }
  }

  PgCluster cluster_{GetParam()};
};

// The oldest has no pg_read_all_data.
INSTANTIATE_TEST_SUITE_P(Versions, Grants,
                         testing::ValuesIn(std::set<int>{PgCluster::available_versions().front(),
                                                         PgCluster::available_versions().back()}));

TEST_P(Grants, AreFoundForTheBuiltInCollectorsAndAreEnough) {
  const std::vector<CatalogEntry> entries = built_in_catalog();
  const MissingPrivileges before = missing(entries);
  EXPECT_EQ(before.role, "\"the agent\"");
  EXPECT_TRUE(before.monitor);
  EXPECT_THAT(before.closed_databases, ElementsAre("shut"));
  EXPECT_THAT(before.hidden_tables, ElementsAre(Pair("app", 1)));
  EXPECT_THAT(before.extensions, Contains(Key("pg_stat_statements")));
  run_script(before);
  const MissingPrivileges after = missing(entries);
  EXPECT_TRUE(after.nothing()) << grant_script(after);
}

TEST_P(Grants, AreFoundBehindConditionsAndInsideQueries) {
  const std::vector<CatalogEntry> entries{
      entry("behind", "when: { relation: app.orders }, query: SELECT count(*) AS n FROM app.orders"),
      entry("called", "when: { function: app.secret(int) }, query: SELECT app.secret(1) AS n"),
      entry("inside", "query: SELECT count(*) AS n FROM pg_authid"),
      entry("absent", "when: { relation: app.nowhere }, query: SELECT 1 AS n"),
      entry("elsewhere", "when: { server: \">=99\", relation: app.orders }, query: SELECT 1 AS n")};
  const MissingPrivileges before = missing(entries);
  EXPECT_THAT(before.grants,
              UnorderedElementsAre(Pair("USAGE ON SCHEMA app", ElementsAre("behind", "called")),
                                   Pair("SELECT ON app.orders", ElementsAre("behind")),
                                   Pair("EXECUTE ON FUNCTION app.secret(integer)", ElementsAre("called")),
                                   Pair("SELECT ON pg_catalog.pg_authid", ElementsAre("inside"))));
  run_script(before);
  EXPECT_TRUE(missing(entries).nothing()) << grant_script(missing(entries));
}

TEST_P(Grants, AreNotNeededWhenThereIsNothingToSee) {
  cluster_.execute("DROP DATABASE shut");
  cluster_.execute("DROP SCHEMA app CASCADE");
  cluster_.execute("GRANT pg_monitor TO \"the agent\"");
  cluster_.execute("CREATE EXTENSION pg_stat_statements");
  cluster_.execute("ALTER SYSTEM SET track_io_timing = off");
  cluster_.execute("SELECT pg_reload_conf()");
  const MissingPrivileges found = missing({entry("plain", "query: SELECT count(*) AS n FROM pg_ls_waldir()")});
  EXPECT_TRUE(found.nothing()) << grant_script(found);
  EXPECT_THAT(found.hints, Contains(HasSubstr("track_io_timing is off")));
}

TEST_P(Grants, OfSequencesAndOfASchemaWithABlankAndOfOtherDatabasesAreFoundToo) {
  cluster_.execute("GRANT pg_monitor TO \"the agent\"");
  cluster_.execute("CREATE SEQUENCE app.numbers");
  cluster_.execute("CREATE SCHEMA \"St Ats\"");
  cluster_.execute("CREATE EXTENSION pg_stat_statements SCHEMA \"St Ats\"");
  cluster_.execute("CREATE DATABASE \"the shop\"");
  cluster_.execute("CREATE SCHEMA goods", "'the shop'");
  cluster_.execute("CREATE SEQUENCE goods.numbers", "'the shop'");
  cluster_.execute("CREATE TABLE goods.list (id int)", "'the shop'");
  const MissingPrivileges before = missing_everywhere();
  EXPECT_THAT(before.grants, Contains(Key("USAGE ON SCHEMA \"St Ats\"")));
  EXPECT_THAT(before.hidden_sequences, ElementsAre(Pair("app", 1)));
  ASSERT_EQ(before.elsewhere.size(), 1U);
  EXPECT_THAT(before.elsewhere[0].hidden_sequences, ElementsAre(Pair("goods", 1)));
  run_script(before);
  run_script(missing_everywhere());  // CONNECT and USAGE come first
  const MissingPrivileges after = missing_everywhere();
  EXPECT_TRUE(after.nothing()) << grant_script(after);
  for (const char* database : {"postgres", "'the shop'"}) {
    CatalogReader reader(cluster_, database, "'the agent'");
    EXPECT_EQ(reader.value("sequences_unread", "pg_sequences_unread"), 0) << database;
  }
}

TEST_P(Grants, OfPgMonitorAreGrantedWithIt) {
  const MissingPrivileges found = missing({entry("waldir", "query: SELECT count(*) AS n FROM pg_ls_waldir()")});
  EXPECT_TRUE(found.monitor);
  EXPECT_TRUE(found.grants.empty()) << grant_script(found);
}

}  // namespace
}  // namespace pgvigil
