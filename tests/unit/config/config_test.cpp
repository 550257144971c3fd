#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Configs : public testing::Test {
 protected:
  std::optional<Config> load(const std::string& yaml) { return load_config(folder_.write("c.yaml", yaml), problems_); }
  TempDir folder_;
  Problems problems_;
};

TEST_F(Configs, NeedNothingButATarget) {
  const auto config = load("target: { conninfo: 'host=/tmp user=pgvigil' }\n");
  ASSERT_TRUE(config) << testing::PrintToString(problems_.lines());
  EXPECT_EQ(config->listen.address, "127.0.0.1");
  EXPECT_EQ(config->listen.port, 9187);
  EXPECT_EQ(config->state_dir, "/var/lib/pgvigil");
  EXPECT_EQ(config->collectors.connections, 3);
  EXPECT_FALSE(config->alerts.rules.empty());
  EXPECT_TRUE(config->backups.empty());
}

TEST_F(Configs, ReadEverySection) {
  const auto config = load(R"(
target: { conninfo: "host=db", password: s3cret }
listen: 0.0.0.0:9999
state_dir: state
log: { level: debug, format: json }
collectors: { connections: 4, disable: [locks], intervals: { activity: 5s, probe: 2s } }
alerts: { interval: 3s, channels: [{ name: ops, kind: slack, webhook_url: "https://hooks.slack.com/x" }] }
backups:
  - { name: shop, database: shop, schedule: "0 2 * * *", timezone: Europe/Berlin, folder: backups }
)");
  ASSERT_TRUE(config) << testing::PrintToString(problems_.lines());
  EXPECT_EQ(config->target.password.reveal(), "s3cret");
  EXPECT_EQ(config->listen, (ListenOptions{"0.0.0.0", 9999, {}}));
  EXPECT_EQ(config->state_dir, folder_ / "state");
  EXPECT_EQ(config->collectors.intervals.at("activity"), 5s);
  EXPECT_THAT(config->collectors.disabled, ElementsAre("locks"));
  EXPECT_EQ(config->alerts.interval, 3s);
  ASSERT_EQ(config->backups.size(), 1U);
  EXPECT_EQ(config->backups[0].folder, folder_ / "backups");
  EXPECT_EQ(describe(config->backups[0].schedule), "0 2 * * * (Europe/Berlin)");
}

TEST_F(Configs, ReportAllProblemsOfAllPartsAtOnce) {
  EXPECT_FALSE(load(R"(target: { conninfo: "nonsense" }
listen: localhost
colectors: {}
collectors: { intervals: { activty: 5s }, connections: 1 }
alerts: { interval: fast, channels: [{ name: ops, kind: pigeon }] }
backups:
  - { name: shop, database: shop, schedule: "0 25 * * *", folder: x }
)"));
  const auto& lines = problems_.lines();
  EXPECT_THAT(lines, Contains(HasSubstr("c.yaml:1:21: conninfo is not a libpq connection string")));
  EXPECT_THAT(lines, Contains(HasSubstr("c.yaml:2:9: 'localhost' is no address to listen on")));
  EXPECT_THAT(lines, Contains(HasSubstr("c.yaml:3:1: unknown key 'colectors' (did you mean collectors?)")));
  EXPECT_THAT(lines, Contains(HasSubstr("there is no collector 'activty'; did you mean activity?")));
  EXPECT_THAT(lines, Contains(HasSubstr("connections is 1; allowed is 3 to 20")));
  EXPECT_THAT(lines, Contains(HasSubstr("'fast' is not a duration")));
  EXPECT_THAT(lines, Contains(HasSubstr("pigeon")));
  EXPECT_THAT(lines, Contains(HasSubstr("cron field 'hour'")));
}

TEST_F(Configs, NeverPrintAConninfoThatMayHoldAPassword) {
  EXPECT_FALSE(load("target: { conninfo: 'password=hunter2 bad' }\n"));
  EXPECT_THAT(problems_.lines(), testing::Not(Contains(HasSubstr("hunter2"))));
}

TEST_F(Configs, SayThatTheTargetIsMissing) {
  EXPECT_FALSE(load("listen: 127.0.0.1:1\n"));
  EXPECT_THAT(problems_.lines(), Contains(HasSubstr("target is missing")));
}

}  // namespace
}  // namespace pgvigil
