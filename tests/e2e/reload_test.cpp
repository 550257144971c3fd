// SIGHUP: a good configuration is taken over, a bad one changes nothing but says so.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/agent.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{60000};

class Reload : public testing::Test {
 protected:
  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(has("pg_up", 1));
    ASSERT_TRUE(eventually(patience, [&] { return shows("pg_locks_count"); }));
  }
  bool has(std::string_view series, double value) {
    return eventually(patience, [&] { return agent_.value(series) == value; });
  }
  bool shows(std::string_view text) const { return agent_.metrics().find(text) != std::string::npos; }
  void reload(const std::string& config) {
    agent_.configure(config);
    agent_.process().signal(SIGHUP);
  }
  PgCluster cluster_;
  Agent agent_{cluster_, "collectors: { intervals: { probe: 1s, locks: 1s } }\n"};
};

TEST_F(Reload, TakesAGoodConfigurationOver) {
  reload("collectors: { disable: [locks] }\n");
  EXPECT_TRUE(agent_.process().wait_for_output("the new configuration is in use", patience));
  EXPECT_TRUE(eventually(patience, [&] { return !shows("pg_locks_count"); }));
  EXPECT_EQ(agent_.value("pgvigil_config_last_reload_successful"), 1);
  EXPECT_TRUE(has("pg_up", 1));
}

TEST_F(Reload, KeepsTheOldConfigurationWhenTheNewOneIsBad) {
  reload("collectors: { disable: [locks, nonsense] }\n");
  EXPECT_TRUE(has("pgvigil_config_last_reload_successful", 0));
  EXPECT_NE(agent_.process().error_output().find("there is no collector 'nonsense'"), std::string::npos);
  EXPECT_TRUE(shows("pg_locks_count"));
  reload("collectors: { intervals: { locks: 1s } }\n");
  EXPECT_TRUE(has("pgvigil_config_last_reload_successful", 1));
}

TEST_F(Reload, SurvivesManyInARow) {
  for (int i = 0; i < 20; ++i) reload(i % 2 == 0 ? "collectors: { disable: [locks] }\n" : "nonsense: 1\n");
  reload("collectors: { intervals: { probe: 1s } }\n");
  EXPECT_TRUE(has("pgvigil_config_last_reload_successful", 1));
  EXPECT_TRUE(has("pg_up", 1));
  EXPECT_EQ(agent_.stop(), (Process::Exit{0, 0}));
}

}  // namespace
}  // namespace pgvigil
