// TLS in front of the HTTP server, asked by curl and by clients that misbehave.

#include "exporter/tls_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "exporter/http_server.h"
#include "exporter/tcp_socket.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;

constexpr milliseconds patience{60000};

class TlsServers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<Certificates>();
    server_pair = certificates->issue("server");
    client_pair = certificates->issue("client");
  }
  static void TearDownTestSuite() { certificates.reset(); }

  TlsOptions options() const {
    TlsOptions options;
    options.certificate.file = server_pair.certificate;
    options.key.file = server_pair.key;
    return options;
  }
  TlsOptions options_with_clients(TlsOptions::ClientAuth auth) const {
    TlsOptions with = options();
    with.client_auth = auth;
    with.client_ca.file = certificates->authority();
    return with;
  }

  // The server with these options, until the next start.
  void start(const TlsOptions& options) {
    tls_.reset();
    http_.emplace(
        "127.0.0.1", 0,
        [this](const HttpQuery& query) {
          HttpReply reply = text_reply(200, query.path + " for " + query.peer + "\n");
          if (query.path == "/large") reply.more = {large_};
          return reply;
        },
        [this](std::string_view address, int port) { return peers_.find(address, port); });
    context_ = std::make_shared<TlsContext>(options);
    tls_.emplace(
        "127.0.0.1", 0, http_->port(), [this] { return context_; }, peers_);
  }

  struct Answer {
    int exit = 0;
    std::string output;
    std::string error;
  };
  Answer curl(std::vector<std::string> arguments, const std::string& path = "/x") const {
    std::vector<std::string> argv{"curl", "--silent", "--show-error", "--cacert", certificates->authority().string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(fmt::format("https://127.0.0.1:{}{}", tls_->port(), path));
    Process process(argv);
    const auto exit = process.wait(patience);
    process.wait_for_end_of_output(patience);
    return {exit ? exit->code : -1, process.output(), process.error_output()};
  }
  std::vector<std::string> as_client(const Certificates::Pair& pair) const {
    return {"--cert", pair.certificate.string(), "--key", pair.key.string()};
  }
  std::uint64_t failures(std::string_view reason) const {
    const auto counts = tls_->counts();
    const auto found = counts.failures.find(reason);
    return found == counts.failures.end() ? 0 : found->second;
  }
  Fd connect() const {
    Fd socket = hold_loopback_port();
    connect_to_loopback(socket, tls_->port());
    return socket;
  }

  static inline std::unique_ptr<Certificates> certificates;
  static inline Certificates::Pair server_pair;
  static inline Certificates::Pair client_pair;
  const std::shared_ptr<const std::string> large_ = std::make_shared<const std::string>(20'000'000, 'x');
  PeerTable peers_;
  std::shared_ptr<const TlsContext> context_;
  std::optional<HttpServer> http_;
  std::optional<TlsServer> tls_;
};

TEST_F(TlsServers, AnswerCurlAndKnowThePeer) {
  start(options());
  EXPECT_EQ(curl({}).output, "/x for 127.0.0.1\n") << curl({}).error;
  EXPECT_EQ(curl({"--interface", "127.0.0.9"}).output, "/x for 127.0.0.9\n");
  EXPECT_EQ(curl({"--head"}).exit, 0);
  EXPECT_GE(tls_->counts().handshakes, 3U);
}

TEST_F(TlsServers, KeepAConnectionForSeveralRequests) {
  start(options());
  const std::string url = fmt::format("https://127.0.0.1:{}/y", tls_->port());
  EXPECT_EQ(curl({url}).output, "/y for 127.0.0.1\n/x for 127.0.0.1\n");
  EXPECT_EQ(tls_->counts().handshakes, 1U);
}

TEST_F(TlsServers, DeliverLargePages) {
  start(options());
  EXPECT_EQ(curl({}, "/large").output.size(), large_->size() + std::string("/large for 127.0.0.1\n").size());
}

TEST_F(TlsServers, SpeakTls12And13AndNothingOlder) {
  start(options());
  EXPECT_EQ(curl({"--tls-max", "1.2"}).exit, 0);
  EXPECT_EQ(curl({"--tlsv1.3"}).exit, 0);
  EXPECT_NE(curl({"--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"}).exit, 0);
  TlsOptions newest = options();
  newest.min_version = TlsOptions::Version::tls13;
  start(newest);
  EXPECT_NE(curl({"--tls-max", "1.2"}).exit, 0);
}

TEST_F(TlsServers, TellAClientThatSpeaksPlainHttp) {
  start(options());
  Process process({"curl", "--silent", "--show-error", fmt::format("http://127.0.0.1:{}/x", tls_->port())});
  process.wait(patience);
  process.wait_for_end_of_output(patience);
  EXPECT_THAT(process.output(), HasSubstr("use https"));
  EXPECT_TRUE(eventually(patience, [&] { return failures("plain_http") == 1U; }));
}

TEST_F(TlsServers, LetNobodyIntoThePrivateListenerBehindThem) {
  start(options_with_clients(TlsOptions::ClientAuth::require_and_verify));
  Process process({"curl", "--silent", fmt::format("http://127.0.0.1:{}/x", http_->port())});
  process.wait(patience);
  process.wait_for_end_of_output(patience);
  EXPECT_THAT(process.output(), HasSubstr("the server's own"));
}

TEST_F(TlsServers, WantClientCertificatesOfTheAuthority) {
  start(options_with_clients(TlsOptions::ClientAuth::require_and_verify));
  EXPECT_NE(curl({}).exit, 0);
  EXPECT_EQ(curl(as_client(client_pair)).output, "/x for 127.0.0.1\n");
  const Certificates others;
  EXPECT_NE(curl(as_client(others.issue("client"))).exit, 0);
  EXPECT_NE(curl(as_client(certificates->issue_expired("expired"))).exit, 0);
  EXPECT_TRUE(eventually(patience, [&] { return failures("client_certificate") == 3; }));
}

TEST_F(TlsServers, MayVerifyACertificateOnlyIfThereIsOne) {
  start(options_with_clients(TlsOptions::ClientAuth::verify_if_given));
  EXPECT_EQ(curl({}).exit, 0);
  EXPECT_EQ(curl(as_client(client_pair)).exit, 0);
  EXPECT_NE(curl(as_client(Certificates().issue("client"))).exit, 0);
}

TEST_F(TlsServers, MayWantJustAnyCertificate) {
  TlsOptions any = options();
  any.client_auth = TlsOptions::ClientAuth::require_any;
  start(any);
  EXPECT_NE(curl({}).exit, 0);
  EXPECT_EQ(curl(as_client(Certificates().issue("client"))).exit, 0);
}

TEST_F(TlsServers, WantOneOfTheNamesThatAreAllowed) {
  TlsOptions named = options_with_clients(TlsOptions::ClientAuth::require_and_verify);
  named.client_allowed_sans = {"client"};
  start(named);
  EXPECT_EQ(curl(as_client(client_pair)).exit, 0);
  EXPECT_NE(curl(as_client(certificates->issue("stranger"))).exit, 0);
  named.client_allowed_sans = {"127.0.0.1"};
  start(named);
  EXPECT_EQ(curl(as_client(client_pair)).exit, 0);
}

TEST_F(TlsServers, ShowANewCertificateToNewConnections) {
  start(options());
  const auto expired = certificates->issue_expired("yesterday");
  TlsOptions old = options();
  old.certificate.file = expired.certificate;
  old.key.file = expired.key;
  start(old);
  EXPECT_EQ(curl({}).exit, 60);
}

TEST_F(TlsServers, AnswerOthersWhileManyClientsSayNothing) {
  start(options());
  std::vector<Fd> silent;
  for (std::size_t i = 0; i < TlsServer::most_connections + 20; ++i) silent.push_back(connect());
  EXPECT_EQ(curl({}).output, "/x for 127.0.0.1\n");
  EXPECT_LE(tls_->counts().open, TlsServer::most_connections);
}

TEST_F(TlsServers, EndAHandshakeThatDoesNotGoOn) {
  start(options());
  const Fd silent = connect();
  EXPECT_TRUE(eventually(patience, [&] { return failures("timeout") == 1; }));
  EXPECT_EQ(tls_->counts().open, 0U);
}

TEST_F(TlsServers, SurviveGarbage) {
  start(options());
  for (const std::string& bytes : {std::string("\x16\x03\x01\xFF\xFF garbage garbage"), std::string(100000, '\xFF'),
                                   std::string(5, '\0'), std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10)}) {
    const Fd client = connect();
    ASSERT_TRUE(
        eventually(patience, [&] { return ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0; }));
  }
  EXPECT_EQ(curl({}).output, "/x for 127.0.0.1\n");
}

}  // namespace
}  // namespace pgvigil
