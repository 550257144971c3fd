// What the binary says to a person, and its exit codes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/child_process.h"
#include "core/json.h"
#include "tests/support/agent.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Output pgvigil_command(std::vector<std::string> words) {
  words.insert(words.begin(), PGVIGIL_BINARY);
  return run({std::move(words), {}, {}, {}}, 60s);
}

TEST(CommandLine, ExplainsItselfAndRefusesWhatItDoesNotKnow) {
  EXPECT_THAT(pgvigil_command({"--help"}).text, HasSubstr("collect"));
  EXPECT_THAT(pgvigil_command({"--version"}).text, HasSubstr("pgvigil 0."));
  EXPECT_EQ(pgvigil_command({"fly"}).status.code, 2);
  EXPECT_EQ(pgvigil_command({}).status.code, 2);
  EXPECT_EQ(pgvigil_command({"collect", "--format", "xml"}).status.code, 2);
}

TEST(CommandLine, ListsTheCollectors) {
  EXPECT_THAT(pgvigil_command({"collectors"}).text, HasSubstr("\nlocks "));
}

TEST(CheckConfig, PrintsEveryProblemWithItsPlaceAndExits2) {
  const TempDir folder;
  const auto file = folder.write("c.yaml", "target: { conninfo: 'host=x' }\nlisten: x\nunknown: 1\n");
  const Output output = pgvigil_command({"check", "config", "-c", file.string()});
  EXPECT_EQ(output.status.code, 2);
  EXPECT_THAT(output.status.error_output, HasSubstr(file.string() + ":2:9: 'x' is no address to listen on"));
  EXPECT_THAT(output.status.error_output, HasSubstr(file.string() + ":3:1: unknown key 'unknown'"));
  EXPECT_EQ(pgvigil_command({"run", "-c", file.string()}).status.code, 2);
  EXPECT_EQ(pgvigil_command({"check", "config", "-c", "/nonexistent.yaml"}).status.code, 2);
}

TEST(CheckConfig, AcceptsTheFileThatShips) {
  const Output output = pgvigil_command({"check", "config", "-c", SOURCE_DIR "/config/pgvigil.yaml"});
  EXPECT_EQ(output.status.code, 0) << output.status.error_output;
}

class Collect : public testing::TestWithParam<int> {
 protected:
  std::string config() const {
    return folder_
        .write("c.yaml", fmt::format("target: {{ conninfo: \"{}\" }}\nstate_dir: {}\n", cluster_.conninfo(),
                                     folder_.path().string()))
        .string();
  }
  PgCluster cluster_{GetParam()};
  TempDir folder_;
};

INSTANTIATE_TEST_SUITE_P(Versions, Collect, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(Collect, PrintsOneCycle) {
  const Output all = pgvigil_command({"collect", "-c", config()});
  EXPECT_EQ(all.status.code, 0) << all.status.error_output;
  EXPECT_EQ(find_value(all.text, "pg_up"), 1);
  EXPECT_TRUE(find_value(all.text, "pg_stat_database_xact_commit"));
  const Output one = pgvigil_command({"collect", "-c", config(), "locks", "--format", "json"});
  EXPECT_EQ(Json::parse(one.text).array().at(0)["name"].text().substr(0, 8), "pg_locks");
  EXPECT_EQ(pgvigil_command({"collect", "-c", config(), "lokcs"}).status.code, 2);
}

TEST_P(Collect, SaysThatTheServerIsDown) {
  const std::string file = config();
  cluster_.stop();
  const Output output = pgvigil_command({"collect", "-c", file});
  EXPECT_EQ(output.status.code, 1);
  EXPECT_EQ(find_value(output.text, "pg_up"), 0);
}

}  // namespace
}  // namespace pgvigil
