#include "collectors/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"

namespace pgvigil {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

MissingPrivileges on_server(int version) {
  MissingPrivileges missing;
  missing.role = "\"the agent\"";
  missing.database = "shop";
  missing.server_version = version;
  return missing;
}

// What psql would run.
std::string statements(const MissingPrivileges& missing) {
  std::string result;
  for (const std::string& line : split(grant_script(missing), '\n')) {
    if (!line.starts_with("--") && !line.empty()) result += line + "\n";
  }
  return result;
}

TEST(GrantScripts, AreCommentsOnlyWhenNothingIsMissing) {
  MissingPrivileges missing = on_server(150000);
  missing.hints = {"track_io_timing is off"};
  EXPECT_TRUE(missing.nothing());
  EXPECT_EQ(statements(missing), "");
  EXPECT_THAT(grant_script(missing), AllOf(HasSubstr("-- Nothing is missing."), HasSubstr("-- Hint: track_io_timing")));
}

TEST(GrantScripts, GrantWhatIsMissingAndSayForWhom) {
  MissingPrivileges missing = on_server(150000);
  missing.monitor = true;
  missing.extensions["pg_stat_statements"] = {"statements", "statements_info"};
  missing.grants["SELECT ON app.orders"] = {"app"};
  missing.closed_databases = {"\"Other-1\""};
  EXPECT_FALSE(missing.nothing());
  EXPECT_EQ(statements(missing),
            "GRANT pg_monitor TO \"the agent\";\nCREATE EXTENSION pg_stat_statements;\n"
            "GRANT SELECT ON app.orders TO \"the agent\";\nGRANT CONNECT ON DATABASE \"Other-1\" TO \"the agent\";\n");
  EXPECT_THAT(grant_script(missing), HasSubstr("-- For statements, statements_info:\nCREATE EXTENSION"));
}

TEST(GrantScripts, LetStatisticsBeReadAsTheServerAllows) {
  MissingPrivileges missing = on_server(150000);
  missing.hidden_tables = {{"app", 3}};
  EXPECT_EQ(statements(missing), "GRANT pg_read_all_data TO \"the agent\";\n");
  missing.server_version = 130012;
  EXPECT_EQ(statements(missing),
            "GRANT USAGE ON SCHEMA app TO \"the agent\"; GRANT SELECT ON ALL TABLES IN SCHEMA app TO \"the agent\";\n");
}

TEST(GrantScripts, SendPeopleToThePrimaryAndBack) {
  MissingPrivileges missing = on_server(150000);
  EXPECT_THAT(grant_script(missing), AllOf(Not(HasSubstr("standby")), Not(HasSubstr("check again"))));
  missing.in_recovery = true;
  missing.grants["USAGE ON SCHEMA app"] = {"app"};
  EXPECT_THAT(grant_script(missing), AllOf(HasSubstr("-- This server is a standby"), HasSubstr("-- Then check again")));
}

TEST(GrantScripts, KeepHintsOnOneLine) {
  MissingPrivileges missing = on_server(150000);
  missing.hints = {"said:\nDROP TABLE orders;"};
  EXPECT_EQ(statements(missing), "");
}

}  // namespace
}  // namespace pgvigil
