#include "exporter/web_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "exporter/tls.h"
#include "exporter/web_access.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_clock.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto hash = "$2y$04$9X5hxNZ1ueVw2xzMCrgC9u7NXpzFmXgxrWg4E2E/Bj6PV1BfmtRsq";  // of "secret"

class WebConfigs : public testing::Test {
 protected:
  std::optional<WebConfig> load(const std::string& text) {
    problems_ = {};
    return load_web_config(folder_.write("web.yaml", text), problems_);
  }
  const TempDir folder_;
  Problems problems_;
};

TEST_F(WebConfigs, AreThoseOfPrometheus) {
  const auto config = load(fmt::format(R"(
tls_server_config:
  cert_file: server.crt
  key_file: /etc/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 192.0.2.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP256, X25519]
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=1
basic_auth_users:
  alice: {}
rate_limit: {{ interval: 1s, burst: 20 }}
)",
                                       hash));
  ASSERT_TRUE(config) << testing::PrintToString(problems_.lines());
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->certificate.file, folder_ / "server.crt");
  EXPECT_EQ(config->tls->key.file, "/etc/server.key");
  EXPECT_EQ(config->tls->client_auth, TlsOptions::ClientAuth::require_and_verify);
  EXPECT_THAT(config->tls->client_allowed_sans, ElementsAre("prometheus.example", "192.0.2.1"));
  EXPECT_THAT(config->tls->cipher_suites, ElementsAre("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_THAT(config->tls->curves, ElementsAre("P-256", "X25519"));
  EXPECT_FALSE(config->tls->prefer_server_cipher_suites);
  EXPECT_THAT(config->headers, ElementsAre(testing::Pair("X-Frame-Options", "deny"),
                                           testing::Pair("Strict-Transport-Security", "max-age=1")));
  EXPECT_TRUE(config->users.contains("alice"));
  EXPECT_EQ(config->rate_limit.interval, 1s);
}

TEST_F(WebConfigs, MayBeEmpty) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->users.empty());
}

TEST_F(WebConfigs, SayEverythingThatIsWrongWithThem) {
  EXPECT_FALSE(load(R"(
tls_server_config:
  cert_fil: server.crt
  key_file: server.key
  client_auth_type: VerifyClientCertIfGiven
  min_version: SSL3
  cipher_suites: [RC4]
basic_auth_users:
  alice: open-sesame
  "a:b": $2y$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
basic_auth: {}
)"));
  const auto& lines = problems_.lines();
  EXPECT_THAT(lines, Contains(HasSubstr("unknown key 'cert_fil' (did you mean cert_file?)")));
  EXPECT_THAT(lines, Contains(HasSubstr("cert_file is missing")));
  EXPECT_THAT(lines, Contains(HasSubstr("there is no client_ca_file")));
  EXPECT_THAT(lines, Contains(HasSubstr("SSL3")));
  EXPECT_THAT(lines, Contains(HasSubstr("'RC4' is not known; allowed is TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")));
  EXPECT_THAT(lines, Contains(HasSubstr("web.yaml:9:10: the password of user 'alice' is no bcrypt hash")));
  EXPECT_THAT(lines, Contains(HasSubstr("must not be empty or have a colon")));
  EXPECT_THAT(lines, Contains(HasSubstr("unknown key 'basic_auth'")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("open-sesame"))));
}

TEST_F(WebConfigs, WantClientRulesThatFitEachOther) {
  const std::string pair = "tls_server_config: { cert_file: a, key_file: b, ";
  EXPECT_FALSE(load(pair + "client_ca_file: c }\n"));
  EXPECT_THAT(problems_.lines(), Contains(HasSubstr("of no use with client_auth_type NoClientCert")));
  EXPECT_FALSE(
      load(pair + "client_auth_type: VerifyClientCertIfGiven, client_ca_file: c, client_allowed_sans: [x] }\n"));
  EXPECT_THAT(problems_.lines(), Contains(HasSubstr("client_allowed_sans needs")));
  EXPECT_FALSE(load(pair + "min_version: TLS13, max_version: TLS12 }\n"));
  EXPECT_THAT(problems_.lines(), Contains(HasSubstr("min_version is above max_version")));
}

class TlsContexts : public testing::Test {
 protected:
  static std::string problem(const TlsOptions& options) {
    try {
      const TlsContext context(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  TlsOptions options(const Certificates::Pair& pair) const {
    TlsOptions options;
    options.certificate.file = pair.certificate;
    options.key.file = pair.key;
    return options;
  }
  const Certificates certificates_;
  const Certificates::Pair pair_ = certificates_.issue("server");
};

TEST_F(TlsContexts, ReadFilesAndText) {
  EXPECT_EQ(problem(options(pair_)), "");
  TlsOptions inline_options;
  inline_options.certificate.text = Secret(slurp(pair_.certificate) + slurp(certificates_.authority()));
  inline_options.key.text = Secret(slurp(pair_.key));
  EXPECT_EQ(problem(inline_options), "");
}

TEST_F(TlsContexts, SayWhichFileIsWrongAndWhy) {
  TlsOptions missing = options(pair_);
  missing.key.file = certificates_.folder() / "nowhere.key";
  EXPECT_THAT(problem(missing), testing::AllOf(HasSubstr("nowhere.key"), HasSubstr("No such file")));

  TlsOptions other_key = options(pair_);
  other_key.key.file = certificates_.issue("other").key;
  EXPECT_THAT(problem(other_key), HasSubstr("other.key does not belong to certificate"));

  TlsOptions swapped = options({pair_.key, pair_.certificate});
  EXPECT_THAT(problem(swapped), HasSubstr("server.key is no PEM certificate"));

  TlsOptions no_key = options(pair_);
  no_key.key.file = pair_.certificate;
  EXPECT_THAT(problem(no_key), HasSubstr("server.crt is no PEM key"));

  TlsOptions cut = options(pair_);
  const std::string whole = slurp(pair_.certificate);
  cut.certificate.file = certificates_.folder().write("cut.crt", whole + whole.substr(0, whole.size() / 2));
  EXPECT_THAT(problem(cut), HasSubstr("cut.crt is no PEM certificate"));
}

TEST_F(TlsContexts, KnowHowLongTheirCertificateIsValid) {
  const TlsContext context(options(pair_));
  const WallTime now = SystemClock().wall_now();
  EXPECT_LT(context.valid_from(), now + 1h);
  EXPECT_GT(context.valid_until(), now);
  EXPECT_LT(TlsContext(options(certificates_.issue_expired("old"))).valid_until(), now);
}

class WebAccesses : public testing::Test {
 protected:
  static HttpQuery query(const char* authorization) {
    HttpQuery query;
    query.method = "GET";
    query.path = "/";
    query.authorization = authorization;
    query.peer = "192.0.2.1";
    return query;
  }
  static HttpReply page(const HttpQuery&) {
    HttpReply reply = text_reply(200, "page");
    reply.headers.emplace_back("X-Frame-Options", "sameorigin");
    return reply;
  }
  std::filesystem::path write(const std::string& text) const { return folder_.write("web.yaml", text); }

  static constexpr auto right = "Basic YWxpY2U6c2VjcmV0";  // alice:secret
  const TempDir folder_;
  FakeClock clock_;
};

TEST_F(WebAccesses, LetEverybodyInWithoutAFile) {
  WebAccess access({}, clock_);
  EXPECT_EQ(access.answer(query(""), page).body, "page");
  EXPECT_TRUE(access.families().empty());
}

TEST_F(WebAccesses, AskForAPassword) {
  WebAccess access(write(fmt::format("basic_auth_users: {{ alice: {} }}\n", hash)), clock_);
  const HttpReply refused = access.answer(query(""), page);
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(refused.headers, Contains(testing::Pair("WWW-Authenticate", HasSubstr("Basic realm="))));
  EXPECT_EQ(access.answer(query(right), page).status, 200);
  for (int i = 0; i < 20; ++i) access.answer(query("Basic eDp4"), page);
  EXPECT_EQ(access.answer(query("Basic eDp4"), page).status, 429);
  EXPECT_EQ(access.answer(query(right), page).status, 200);
}

TEST_F(WebAccesses, SayWhoAsksOnceThatIsProved) {
  const auto user = [](const HttpQuery& query) { return text_reply(200, query.user); };
  WebAccess open({}, clock_);
  EXPECT_EQ(open.answer(query(right), user).body, "") << "nobody was asked";
  WebAccess access(write(fmt::format("basic_auth_users: {{ alice: {} }}\n", hash)), clock_);
  EXPECT_EQ(access.answer(query(right), user).body, "alice");
}

TEST_F(WebAccesses, SendTheConfiguredHeadersAndLimitTheRate) {
  WebAccess access(write("http_server_config: { headers: { X-Frame-Options: deny } }\n"
                         "rate_limit: { interval: 1s, burst: 2 }\n"),
                   clock_);
  EXPECT_THAT(access.answer(query(""), page).headers, ElementsAre(testing::Pair("X-Frame-Options", "deny")));
  EXPECT_EQ(access.answer(query(""), page).status, 200);
  EXPECT_EQ(access.answer(query(""), page).status, 429);
  clock_.advance(1s);
  EXPECT_EQ(access.answer(query(""), page).status, 200);
}

TEST_F(WebAccesses, TakeOverAFileThatChanged) {
  WebAccess access(write(""), clock_);
  EXPECT_EQ(access.answer(query(""), page).status, 200);
  write(fmt::format("basic_auth_users: {{ alice: {} }}\n", hash));
  clock_.advance(2s);
  EXPECT_EQ(access.answer(query(""), page).status, 401);
}

double value(const WebAccess& access, std::string_view name) {
  for (const Family& family : access.families()) {
    if (family.name == name) return family.samples.front().value;
  }
  return -1;
}

TEST_F(WebAccesses, KeepTheOldOneWhenTheNewOneHasProblems) {
  WebAccess access(write(fmt::format("basic_auth_users: {{ alice: {} }}\n", hash)), clock_);
  write("basic_auth_users: { alice: plain }\n");
  access.reload();
  EXPECT_EQ(access.answer(query(""), page).status, 401);
  EXPECT_EQ(access.answer(query(right), page).status, 200);
  EXPECT_EQ(value(access, "pgvigil_web_config_last_reload_successful"), 0);
  write("");
  clock_.advance(2s);
  EXPECT_EQ(access.answer(query(""), page).status, 200);
  EXPECT_EQ(value(access, "pgvigil_web_config_last_reload_successful"), 1);
}

TEST_F(WebAccesses, DoNotStartWithAFileThatHasProblems) {
  EXPECT_THROW(WebAccess(folder_ / "nowhere.yaml", clock_), Error);
  EXPECT_THROW(WebAccess(write("tls_server_config: { cert_file: a, key_file: b }\n"), clock_), Error);
}

TEST_F(WebAccesses, TakeOverACertificateThatWasRenewed) {
  const Certificates certificates;
  certificates.issue("server", 1);
  const auto config =
      certificates.folder().write("web.yaml", "tls_server_config: { cert_file: server.crt, key_file: server.key }\n");
  WebAccess access(config, clock_);
  const auto first = access.tls();
  EXPECT_EQ(access.tls(), first);
  certificates.issue("server", 30);
  clock_.advance(2s);
  const auto second = access.tls();
  ASSERT_NE(second, nullptr);
  EXPECT_GT(second->valid_until(), first->valid_until() + std::chrono::hours(24));
  EXPECT_EQ(value(access, "pgvigil_tls_certificate_expiry_timestamp_seconds"), unix_seconds(second->valid_until()));
}

TEST_F(WebAccesses, SwitchTlsOnAndOffAtAStartOnly) {
  const Certificates certificates;
  certificates.issue("server", 1);
  const auto config =
      certificates.folder().write("web.yaml", "tls_server_config: { cert_file: server.crt, key_file: server.key }\n");
  WebAccess access(config, clock_);
  certificates.folder().write("web.yaml", "");
  access.reload();
  EXPECT_NE(access.tls(), nullptr);
}

TEST(WebConfigChecks, TellWhatIsWrongAndWhatOnlyLooksWrong) {
  const SystemClock clock;
  const Certificates certificates;
  const TempDir& folder = certificates.folder();
  certificates.issue("good");
  certificates.issue_expired("old");
  Problems problems;
  const auto config = [&](const char* certificate, const char* key) {
    return folder.write("web.yaml",
                        fmt::format("tls_server_config: {{ cert_file: {}, key_file: {} }}\n", certificate, key));
  };
  EXPECT_TRUE(check_web_config(config("good.crt", "good.key"), clock, problems).empty());
  EXPECT_THAT(check_web_config(config("old.crt", "old.key"), clock, problems),
              ElementsAre(HasSubstr("has been invalid since")));
  EXPECT_TRUE(problems.empty());
  check_web_config(config("good.crt", "old.key"), clock, problems);
  EXPECT_THAT(problems.lines(), ElementsAre(HasSubstr("old.key does not belong to")));
}

}  // namespace
}  // namespace pgvigil
