// Who may ask the agent's binary, what load balancers are told, and in which formats it answers.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/agent.h"
#include "tests/support/certificates.h"
#include "tests/support/free_port.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/standby.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr milliseconds patience{60000};
constexpr auto quick = "collectors: { intervals: { probe: 1s } }\n";
constexpr auto hash_of_secret = "$2y$04$9X5hxNZ1ueVw2xzMCrgC9u7NXpzFmXgxrWg4E2E/Bj6PV1BfmtRsq";

bool becomes(const Agent& agent, std::string_view path, int status) {
  return eventually(patience, [&] { return agent.get(path).status == status; });
}

TEST(LoadBalancers, AreToldWhoThePrimaryIsAndWhichReplicaIsFit) {
  PgCluster primary;
  PgCluster standby;
  make_standby(primary, standby);
  Agent of_primary(primary, quick);
  Agent of_standby(standby, quick);
  of_primary.start();
  of_standby.start();
  EXPECT_TRUE(becomes(of_primary, "/primary", 200));
  EXPECT_EQ(of_primary.get("/replica").status, 404);
  EXPECT_EQ(of_primary.get("/read?max_lag=1s").status, 200);

  ASSERT_TRUE(caught_up(primary, standby, patience));
  EXPECT_TRUE(becomes(of_standby, "/replica?max_lag=10s&max_lag=16MB", 200))
      << of_standby.get("/replica?max_lag=10s").body;
  EXPECT_EQ(of_standby.get("/primary").status, 404);
  EXPECT_EQ(of_standby.get("/read").status, 200);
  EXPECT_EQ(of_standby.get("/replica?max_lag=10").status, 400);

  // Everything that was received is replayed, and nobody knows what the primary has done since.
  primary.stop();
  EXPECT_TRUE(becomes(of_standby, "/replica?max_lag=16MB", 503));
  EXPECT_TRUE(becomes(of_standby, "/replica?max_lag=1s", 503));
  EXPECT_EQ(of_standby.get("/replica").status, 200);
  EXPECT_EQ(of_standby.value("pgvigil_standby_receiver_connected"), 0);
  EXPECT_TRUE(becomes(of_primary, "/up", 503));
  EXPECT_EQ(of_primary.get("/primary").status, 503);

  standby.execute("SELECT pg_promote()");
  EXPECT_TRUE(becomes(of_standby, "/primary", 200));
}

class WebFormats : public testing::Test {
 protected:
  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(eventually(patience, [&] { return agent_.value("pg_up") == 1; }));
  }
  const PgCluster cluster_;
  Agent agent_{cluster_, quick};
};

constexpr auto as_prometheus =
    "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

TEST_F(WebFormats, AreChosenByTheClient) {
  const std::string text = agent_.get("/metrics", {"--dump-header", "-"}).body;
  EXPECT_THAT(text, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_THAT(text, HasSubstr("Vary: Accept, Accept-Encoding"));
  EXPECT_THAT(text, Not(HasSubstr("# EOF")));
  const std::string open = agent_.get("/metrics", {"--dump-header", "-", "--header", as_prometheus}).body;
  EXPECT_THAT(open, HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
  EXPECT_THAT(open, testing::EndsWith("# EOF\n"));
  EXPECT_THAT(open, HasSubstr("# TYPE pgvigil_task_runs counter\n"));
}

TEST_F(WebFormats, CanAllBeParsed) {
  constexpr const char* program = R"(
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(len(list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8", newline="\n").read()))))
)";
  const TempDir folder;
  // Until most collectors have had their turn: two tasks must not clash either.
  const auto enough = [&] {
    const auto page = folder.write("page", agent_.get("/metrics", {"--compressed", "--header", as_prometheus}).body);
    Process python({"/usr/bin/python3", "-c", program, page.string()});
    python.wait(patience);
    python.wait_for_end_of_output(patience);
    EXPECT_EQ(python.error_output(), "");
    return std::atoi(python.output().c_str()) > 300 || !python.error_output().empty();
  };
  EXPECT_TRUE(eventually(patience, enough));
}

TEST_F(WebFormats, HaveHeadsOfTheirOwn) {
  const std::string head = agent_.get("/metrics", {"--head", "--header", as_prometheus, "--compressed"}).body;
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(head, HasSubstr("Content-Encoding: gzip"));
  EXPECT_THAT(head, testing::ContainsRegex("Content-Length: [1-9]"));
}

class ProtectedAgents : public testing::Test {
 protected:
  std::string tls(const Certificates::Pair& pair, const std::string& more = "") const {
    return fmt::format("tls_server_config: {{ cert_file: {}, key_file: {}{} }}\n", pair.certificate.string(),
                       pair.key.string(), more);
  }
  std::string users() const { return fmt::format("basic_auth_users: {{ alice: {} }}\n", hash_of_secret); }
  std::vector<std::string> trusting(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--cacert", certificates_.authority().string()});
    return more;
  }
  const Certificates certificates_;
  const PgCluster cluster_;
  Agent agent_{cluster_, quick};
};

TEST_F(ProtectedAgents, AskForAPasswordEverywhere) {
  agent_.protect(users(), {"--user", "alice:secret"});
  agent_.start();
  for (const char* path : {"/", "/metrics", "/livez", "/readyz", "/primary", "/nowhere"}) {
    EXPECT_EQ(agent_.get(path, {"--user", "alice:wrong"}).status, 401) << path;
    EXPECT_NE(agent_.get(path).status, 401) << path;
  }
  EXPECT_THAT(agent_.process().error_output(), Not(HasSubstr("wrong\n")));
  EXPECT_THAT(agent_.process().error_output(), Not(HasSubstr("alice")));
}

TEST_F(ProtectedAgents, ArePausedByWhoMayAndByNobodyElse) {
  agent_.protect(users(), {"--user", "alice:secret"});
  agent_.start();
  const std::vector<std::string> pause{"--data", R"({"reason": "upgrade"})", "--header",
                                       "Content-Type: application/json"};
  EXPECT_EQ(agent_.get("/api/v1/pause", {"--user", "alice:wrong", "--data", "{}"}).status, 401);
  EXPECT_EQ(agent_.get("/api/v1/pause", {"--data", "{}"}).status, 415);
  EXPECT_EQ(agent_.value("pgvigil_paused"), 0);
  EXPECT_EQ(agent_.get("/api/v1/pause", pause).status, 200);
  EXPECT_EQ(agent_.value("pgvigil_paused"), 1);
  EXPECT_THAT(agent_.get("/api/v1/pause").body, HasSubstr("upgrade, by alice from 127.0.0.1"));
  EXPECT_EQ(agent_.get("/api/v1/resume", {"--data", "{}", "--header", "Content-Type: application/json"}).status, 200);
  EXPECT_EQ(agent_.value("pgvigil_paused"), 0);
}

TEST_F(ProtectedAgents, AreScrapedByPrometheusOverTlsWithAPassword) {
  agent_.protect(tls(certificates_.issue("server")) + users(), trusting({"--user", "alice:secret"}));
  agent_.start();
  const TempDir folder;
  const auto config =
      folder.write("prometheus.yml", fmt::format(R"(
scrape_configs:
- job_name: pgvigil
  scrape_interval: 1s
  scheme: https
  basic_auth: {{ username: alice, password: secret }}
  tls_config: {{ ca_file: {} }}
  static_configs:
  - targets: ['{}']
)",
                                                 certificates_.authority().string(), agent_.url("").substr(8)));
  const auto port = free_port();
  Process prometheus({"prometheus", "--config.file=" + config.string(),
                      "--storage.tsdb.path=" + (folder / "data").string(),
                      fmt::format("--web.listen-address=127.0.0.1:{}", port), "--log.level=warn"});
  const auto scraped = [&] {
    Process curl({"curl", "--silent", "--get", "--data-urlencode", "query=pg_up == 1",
                  fmt::format("http://127.0.0.1:{}/api/v1/query", port)});
    curl.wait(patience);
    curl.wait_for_end_of_output(patience);
    return curl.output().find("\"1\"]") != std::string::npos;
  };
  EXPECT_TRUE(eventually(patience, scraped)) << prometheus.error_output();
}

TEST_F(ProtectedAgents, WantAClientCertificate) {
  const auto client = certificates_.issue("client");
  const std::vector<std::string> with_certificate =
      trusting({"--cert", client.certificate.string(), "--key", client.key.string()});
  agent_.protect(tls(certificates_.issue("server"),
                     fmt::format(", client_auth_type: RequireAndVerifyClientCert, client_ca_file: {}",
                                 certificates_.authority().string())),
                 with_certificate);
  agent_.start();
  EXPECT_TRUE(eventually(patience, [&] { return agent_.value("pg_up") == 1; }));
  Process stranger({"curl", "--silent", "--cacert", certificates_.authority().string(), agent_.url("/metrics")});
  stranger.wait(patience);
  stranger.wait_for_end_of_output(patience);
  EXPECT_EQ(stranger.output(), "");
  EXPECT_GE(agent_.value("pgvigil_tls_handshake_failures_total{reason=\"client_certificate\"").value_or(0), 1);
}

TEST_F(ProtectedAgents, TakeOverANewPasswordAndANewCertificate) {
  const auto pair = certificates_.issue("server");
  agent_.protect(tls(pair) + users(), trusting({"--user", "alice:secret"}));
  agent_.start();
  const double before = agent_.value("pgvigil_tls_certificate_expiry_timestamp_seconds").value_or(0);
  certificates_.issue("server", 30);
  EXPECT_TRUE(eventually(patience, [&] {
    return agent_.value("pgvigil_tls_certificate_expiry_timestamp_seconds").value_or(0) > before + 86400;
  }));
  agent_.protect(tls(pair) + "basic_auth_users: { alice: no-hash }\n", trusting({"--user", "alice:secret"}));
  agent_.process().signal(SIGHUP);
  EXPECT_TRUE(agent_.process().wait_for_output("the old one stays in use", patience));
  EXPECT_EQ(agent_.value("pgvigil_web_config_last_reload_successful"), 0);
  agent_.protect(tls(pair), trusting());
  agent_.process().signal(SIGHUP);
  EXPECT_TRUE(becomes(agent_, "/livez", 200));
}

TEST_F(ProtectedAgents, SayWhatIsWrongWithTheirWebConfiguration) {
  const auto check = [this](const std::string& web_config) {
    agent_.protect(web_config, {});
    Process process({PGVIGIL_BINARY, "check", "config", "-c", agent_.config_file()});
    const auto exit = process.wait(patience);
    process.wait_for_end_of_output(patience);
    return std::pair(exit ? exit->code : -1, process.error_output());
  };
  const auto server = certificates_.issue("server");
  EXPECT_EQ(check(tls(server)), std::pair(0, std::string()));
  const auto [expired, warning] = check(tls(certificates_.issue_expired("old")));
  EXPECT_EQ(expired, 0);
  EXPECT_THAT(warning, HasSubstr("warning: the certificate has been invalid since"));
  const auto [mismatch, reason] = check(tls({server.certificate, certificates_.issue("other").key}));
  EXPECT_EQ(mismatch, 2);
  EXPECT_THAT(reason, HasSubstr("other.key does not belong to certificate"));
  const auto [unknown, line] = check("basic_auth_user: {}\n");
  EXPECT_EQ(unknown, 2);
  EXPECT_THAT(line, HasSubstr("did you mean basic_auth_users?"));
}

}  // namespace
}  // namespace pgvigil
