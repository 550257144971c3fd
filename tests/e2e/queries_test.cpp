// Users' own queries, imports, grants and explanations, as a person at the command line has them.

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
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Output pgvigil_command(std::vector<std::string> words) {
  words.insert(words.begin(), PGVIGIL_BINARY);
  return run({std::move(words), {}, {}, {}}, 60s);
}

class Queries : public testing::Test {
 protected:
  std::string config(const std::string& more = "", const std::string& user = "postgres") const {
    return folder_
        .write("c.yaml", fmt::format("target: {{ conninfo: \"{}\" }}\nstate_dir: {}\n{}",
                                     cluster_.conninfo("postgres", user), folder_.path().string(), more))
        .string();
  }
  PgCluster cluster_;
  TempDir folder_;
};

constexpr auto with_queries = "collectors: { queries: [q] }\n";

TEST_F(Queries, AreImportedCheckedAndCollected) {
  const auto source = folder_.write("queries.yaml", R"(app_time:
  query: SELECT 'x' AS kind, 42 AS answer, '5m' AS d
  metrics:
    - kind: { usage: "LABEL", description: "Kind" }
    - answer: { usage: "GAUGE", description: "The answer" }
    - d: { usage: "DURATION", description: "How long" }
)");
  const std::string folder = folder_ / "q";
  const Output imported = pgvigil_command({"import", "queries", source, "--output", folder});
  EXPECT_EQ(imported.status.code, 0) << imported.status.error_output;
  EXPECT_THAT(imported.status.error_output, HasSubstr(source.string() + ":6:7: d: usage DURATION is not carried over"));
  const Output checked = pgvigil_command({"check", "queries", "-c", config(with_queries)});
  EXPECT_EQ(checked.status.code, 0) << checked.text << checked.status.error_output;
  EXPECT_THAT(checked.text, HasSubstr("app_time: good in database postgres"));
  const Output collected = pgvigil_command({"collect", "-c", config(with_queries), "app_time"});
  EXPECT_EQ(find_value(collected.text, "app_time_answer{kind=\"x\""), 42) << collected.text;
  const Output again = pgvigil_command({"import", "queries", source, "--output", folder});
  EXPECT_NE(again.status.code, 0) << "a file was written over";
}

TEST_F(Queries, AreImportedToStandardOutputWithoutAFolder) {
  const auto source = folder_.write(
      "q.yml", "app:\n  query: SELECT 1 AS n\n  ttl: 10\n  tags: [cluster]\n  metrics: [{ n: { usage: GAUGE } }]\n");
  const Output imported = pgvigil_command({"import", "queries", source});
  folder_.write("q/all.yaml", imported.text);
  EXPECT_EQ(pgvigil_command({"check", "queries", "-c", config(with_queries)}).status.code, 0) << imported.text;
  EXPECT_EQ(pgvigil_command({"import", "queries", "/nonexistent.yaml"}).status.code, 2);
}

TEST_F(Queries, ThatAreWrongAreToldByTheServer) {
  folder_.write("q/a.yaml",
                "name: app\nhelp: x\nmetric_prefix: app\nvariants: [{ query: SELECT 'x' AS n }]\n"
                "columns: { n: { usage: gauge, help: x } }\n");
  const Output checked = pgvigil_command({"check", "queries", "-c", config(with_queries)});
  EXPECT_EQ(checked.status.code, 1);
  EXPECT_THAT(checked.text,
              HasSubstr((folder_ / "q/a.yaml").string() + ":1:7: app: the column n is text, not a number"));
  EXPECT_EQ(pgvigil_command({"check", "config", "-c", config(with_queries)}).status.code, 0);
}

TEST_F(Queries, ThatFailLeaveTheOthersAlone) {
  folder_.write("q/a.yaml",
                "name: app\nhelp: x\nmetric_prefix: app\nvariants: [{ query: SELECT 1/0 AS n }]\n"
                "columns: { n: { usage: gauge, help: x } }\n");
  const Output all = pgvigil_command({"collect", "-c", config(with_queries)});
  EXPECT_EQ(all.status.code, 1);
  EXPECT_THAT(all.status.error_output, HasSubstr("app failed: division by zero"));
  EXPECT_EQ(find_value(all.text, "pg_up"), 1);
  EXPECT_TRUE(find_value(all.text, "pg_stat_database_xact_commit"));
}

TEST_F(Queries, AreExplained) {
  folder_.write("q/a.yaml", R"(name: app
help: The application.
metric_prefix: app
variants:
  - { when: { server: ">=99" }, query: SELECT 1 AS n }
  - { query: SELECT 2 AS n }
columns: { n: { usage: gauge, help: x } }
)");
  const Output text = pgvigil_command({"collectors", "-c", config(with_queries), "--explain", "app"});
  EXPECT_THAT(text.text, AllOf(HasSubstr("state        runs"), HasSubstr("q/a.yaml:1:7"), HasSubstr("app_n (gauge)"),
                               HasSubstr("variant 1, PostgreSQL >=99: needs PostgreSQL >=99"),
                               HasSubstr("variant 2, any server: this one runs\n      SELECT 2 AS n")));
  const Output json = pgvigil_command({"collectors", "-c", config(with_queries), "--explain", "app", "-o", "json"});
  const Json app = Json::parse(json.text).array().at(0);
  EXPECT_FALSE(app["variants"].array().at(0)["chosen"].boolean());
  EXPECT_TRUE(app["variants"].array().at(1)["chosen"].boolean());
  const std::string disabled = config("collectors: { queries: [q], disable: [app] }\n");
  EXPECT_THAT(pgvigil_command({"collectors", "-c", disabled}).text, HasSubstr("[off: disabled in the configuration]"));
  EXPECT_EQ(pgvigil_command({"collectors", "-c", config(with_queries), "--explain", "nothing"}).status.code, 2);
  EXPECT_THAT(
      pgvigil_command({"collectors", "-c", config("collectors: { preset: minimal }\n"), "--explain", "statements"})
          .text,
      AllOf(HasSubstr("state        off: not in the preset minimal"), HasSubstr("reads        pg_stat_statements"),
            HasSubstr("needs        the extension pg_stat_statements 1.8"),
            HasSubstr("pg_stat_statements_calls_total")));
}

TEST_F(Queries, AreExplainedAlsoWhenTheServerIsDown) {
  const std::string file = config();
  cluster_.stop();
  const Output output = pgvigil_command({"collectors", "-c", file, "--explain", "locks"});
  EXPECT_EQ(output.status.code, 0);
  EXPECT_THAT(output.status.error_output, HasSubstr("the server cannot be asked"));
  EXPECT_THAT(output.text, AllOf(HasSubstr("state        on"), HasSubstr("FROM pg_locks")));
}

TEST_F(Queries, NeedGrantsThatAreReadySql) {
  cluster_.execute("CREATE ROLE agent LOGIN");
  const std::string file = config("", "agent");
  const Output before = pgvigil_command({"check", "grants", "-c", file});
  EXPECT_EQ(before.status.code, 1);
  EXPECT_THAT(before.text, HasSubstr("\nGRANT pg_monitor TO agent;\n"));
  EXPECT_EQ(pgvigil_command({"check", "connection", "-c", file}).status.code, 1);
  const auto script = folder_.write("grants.sql", before.text);
  const Output psql =
      run({{"psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", script.string(), cluster_.conninfo()}, {}, {}, {}}, 60s);
  EXPECT_EQ(psql.status.code, 0) << psql.status.error_output;
  const Output after = pgvigil_command({"check", "grants", "-c", file});
  EXPECT_EQ(after.status.code, 0) << after.text;
  EXPECT_THAT(after.text, Not(HasSubstr("\nGRANT")));
}

TEST_F(Queries, NeedAConnection) {
  const std::string file = config();
  const Output good = pgvigil_command({"check", "connection", "-c", file});
  EXPECT_EQ(good.status.code, 0) << good.status.error_output;
  EXPECT_THAT(good.text, AllOf(HasSubstr("server    PostgreSQL"), HasSubstr("role      postgres, with pg_monitor")));
  cluster_.stop();
  EXPECT_EQ(pgvigil_command({"check", "connection", "-c", file}).status.code, 1);
}

}  // namespace
}  // namespace pgvigil
