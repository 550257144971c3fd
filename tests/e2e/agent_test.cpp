// The agent's binary against a real server: what everybody who installs it relies on.

#include "tests/support/agent.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>

#include "collectors/collectors.h"
#include "core/file.h"
#include "tests/support/free_port.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;

constexpr milliseconds patience{60000};
constexpr auto quick = "collectors: { intervals: { probe: 1s } }\n";

bool becomes(const Agent& agent, std::string_view series, double wanted) {
  return eventually(patience, [&] { return agent.value(series) == wanted; });
}

class RunningAgent : public testing::TestWithParam<int> {
 protected:
  PgCluster cluster_{GetParam()};
  Agent agent_{cluster_, quick};
};

INSTANTIATE_TEST_SUITE_P(Versions, RunningAgent, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(RunningAgent, ShowsTheServerOnItsMetricsPageAndEndsWellOnSigterm) {
  agent_.start();
  EXPECT_TRUE(becomes(agent_, "pg_up", 1)) << agent_.metrics();
  EXPECT_TRUE(eventually(patience, [&] { return agent_.get("/readyz").status == 200; }));
  EXPECT_EQ(agent_.stop(), (Process::Exit{0, 0})) << agent_.process().error_output();
}

TEST_P(RunningAgent, SaysThatTheServerIsDownAndRecoversByItself) {
  agent_.start();
  ASSERT_TRUE(becomes(agent_, "pg_up", 1));
  cluster_.stop(PgCluster::Stop::immediate);
  EXPECT_TRUE(becomes(agent_, "pg_up", 0));
  EXPECT_EQ(agent_.get("/livez").status, 200);
  cluster_.start();
  EXPECT_TRUE(becomes(agent_, "pg_up", 1));
}

// Every collector has had a run, and the last run of none has failed.
bool all_collectors_work(const std::string& page) {
  const std::vector<CatalogEntry> entries = chosen_catalog({});
  return std::all_of(entries.begin(), entries.end(), [&](const CatalogEntry& entry) {
    return find_value(page, fmt::format("pgvigil_task_up{{task=\"{}\"", entry.name)) == 1;
  });
}

TEST_P(RunningAgent, AnswersAlthoughItsTablesAreLockedExclusively) {
  cluster_.execute("CREATE SCHEMA app");
  cluster_.execute("CREATE TABLE app.locked AS SELECT generate_series(1, 1000) AS n");
  auto session = cluster_.connect();
  session.query("BEGIN");
  session.query("LOCK TABLE app.locked IN ACCESS EXCLUSIVE MODE");
  agent_.start();
  const std::string series = R"(pg_stat_user_tables_n_live_tup{datname="postgres",schemaname="app",relname="locked")";
  std::string page;
  const auto complete = [&] {
    page = agent_.metrics();
    return all_collectors_work(page) && find_value(page, series) && find_value(page, "pg_up") == 1;
  };
  EXPECT_TRUE(eventually(patience, complete)) << page;
  EXPECT_THAT(page, testing::Not(testing::ContainsRegex("pgvigil_task_up\\{[^}]*\\} 0\n")));
  EXPECT_EQ(agent_.get("/livez").status, 200);
}

// A client that connects, sends `text` and then neither a word nor its end.
Fd slow_client(std::uint16_t port, std::string_view text) {
  Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
  write_all(client, text);
  return client;
}

TEST(SlowClients, KeepNobodyElseFromAnAnswer) {
  const PgCluster cluster;
  Agent agent(cluster, quick);
  agent.start();
  ASSERT_TRUE(becomes(agent, "pg_up", 1));
  const std::string url = agent.url("");
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  for (const std::string_view text : {"", "GET /metrics HTTP/1.1\r\nHost: x\r\n"}) {
    std::vector<Fd> clients(20);
    for (Fd& client : clients) client = slow_client(port, text);
    EXPECT_EQ(agent.get("/livez").status, 200) << "after '" << text << "'";
    EXPECT_EQ(agent.get("/metrics").status, 200) << "after '" << text << "'";
  }
}

TEST(Prometheus, AcceptsTheMetricsPage) {
  const PgCluster cluster;
  cluster.execute("CREATE EXTENSION pg_stat_statements");
  Agent agent(cluster, quick);
  agent.start();
  ASSERT_TRUE(becomes(agent, "pg_up", 1));
  ASSERT_TRUE(eventually(patience, [&] { return agent.get("/readyz").status == 200; }));
  const TempDir folder;
  const auto page = folder.write("page", agent.metrics());
  Process promtool({"sh", "-c", fmt::format("promtool check metrics < {}", page.string())});
  const auto exit = promtool.wait(patience);
  promtool.wait_for_end_of_output(patience);
  ASSERT_TRUE(exit);
  // 3: it would have chosen other names, which is as it is where postgres_exporter's are kept.
  EXPECT_THAT(exit->code, testing::AnyOf(0, 3)) << promtool.error_output();
  EXPECT_THAT(promtool.error_output(), testing::Not(HasSubstr("error")));
}

TEST(Prometheus, ScrapesTheAgent) {
  const PgCluster cluster;
  Agent agent(cluster, quick);
  agent.start();
  ASSERT_TRUE(becomes(agent, "pg_up", 1));
  const TempDir folder;
  const auto config = folder.write(
      "prometheus.yml", fmt::format("scrape_configs:\n- job_name: pgvigil\n  scrape_interval: 1s\n  static_configs:\n"
                                    "  - targets: ['{}']\n",
                                    agent.url("").substr(7)));
  const auto port = free_port();
  Process prometheus({"prometheus", "--config.file=" + config.string(),
                      "--storage.tsdb.path=" + (folder / "data").string(),
                      fmt::format("--web.listen-address=127.0.0.1:{}", port), "--log.level=warn"});
  const auto query = [&](const std::string& expression) {
    Process curl({"curl", "--silent", "--get", "--data-urlencode", "query=" + expression,
                  fmt::format("http://127.0.0.1:{}/api/v1/query", port)});
    curl.wait(patience);
    curl.wait_for_end_of_output(patience);
    return curl.output();
  };
  EXPECT_TRUE(eventually(patience, [&] { return query("pg_up == 1").find("\"1\"]") != std::string::npos; }))
      << query("up") << prometheus.error_output();
  EXPECT_THAT(query("up"), HasSubstr("\"1\"]"));
}

}  // namespace
}  // namespace pgvigil
