#include "core/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/error.h"
#include "tests/support/free_port.h"
#include "tests/support/http_receiver.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

HttpRequest post(const std::string& url) {
  return {"POST", Secret(url), {{"Content-Type", "application/json"}}, "{\"a\":1}"};
}

Error::Kind kind_of(HttpClient& client, const HttpRequest& request, milliseconds timeout = 20s) {
  try {
    client.send(request, timeout, {});
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
    return error.kind();
  }
  ADD_FAILURE() << "it was answered";
  return Error::Kind::invalid;
}

TEST(HttpClients, SendABodyAndReadTheAnswer) {
  HttpReceiver receiver;
  receiver.then({429, {{"Retry-After", "7"}}, "slow down", 0ms, false});
  CurlClient client(Scheme::http_allowed);
  const HttpResponse response = client.send(post(receiver.url("/hook")), 20s, {});
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, "slow down");
  EXPECT_EQ(response.headers.at("retry-after"), "7");
  ASSERT_EQ(receiver.requests().size(), 1U);
  EXPECT_EQ(receiver.requests()[0].body, "{\"a\":1}");
  EXPECT_EQ(receiver.requests()[0].headers.at("content-type"), "application/json");
}

TEST(HttpClients, FollowNoRedirect) {
  HttpReceiver elsewhere;
  HttpReceiver receiver;
  receiver.then({302, {{"Location", elsewhere.url("/stolen")}}, "", 0ms, false});
  CurlClient client(Scheme::http_allowed);
  EXPECT_EQ(client.send(post(receiver.url()), 20s, {}).status, 302);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(HttpClients, RefusePlainHttpUnlessItIsAllowed) {
  HttpReceiver receiver;
  CurlClient client(Scheme::https_only);
  EXPECT_EQ(kind_of(client, post(receiver.url("/secret"))), Error::Kind::invalid);
  EXPECT_TRUE(receiver.requests().empty());
}

TEST(HttpClients, NeverReadFilesOrOtherSchemes) {
  CurlClient client(Scheme::http_allowed);
  for (const char* url :
       {"file:///etc/secret", "ftp://127.0.0.1/secret", "gopher://127.0.0.1/secret", "not a url secret"}) {
    EXPECT_EQ(kind_of(client, post(url)), Error::Kind::invalid) << url;
  }
}

TEST(HttpClients, KeepTheirDeadlineAndHideTheAddress) {
  HttpReceiver receiver;
  receiver.then({200, {}, "late", 60s, false});
  CurlClient client(Scheme::http_allowed);
  EXPECT_EQ(kind_of(client, post(receiver.url("/secret")), 300ms), Error::Kind::unavailable);
}

TEST(HttpClients, ReportAPeerThatHangsUpOrIsNotThere) {
  HttpReceiver receiver;
  receiver.then({200, {}, "", 0ms, true});
  CurlClient client(Scheme::http_allowed);
  EXPECT_EQ(kind_of(client, post(receiver.url("/secret"))), Error::Kind::unavailable);
  EXPECT_EQ(kind_of(client, post("http://127.0.0.1:" + std::to_string(free_port()) + "/secret")),
            Error::Kind::unavailable);
}

TEST(HttpClients, ReadAnAnswerWithoutEndNoFurtherThanItsBeginning) {
  HttpReceiver receiver;
  receiver.then({200, {}, std::string(8192, 'x'), 0ms, false, HttpReceiver::Answer::Body::endless});
  CurlClient client(Scheme::http_allowed);
  const HttpResponse response = client.send(post(receiver.url()), 20s, {});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size(), 64U * 1024);
}

TEST(HttpClients, KeepTheirDeadlineWhenTheAnswerStalls) {
  HttpReceiver receiver;
  receiver.then({200, {}, "ok, but only the first half of it", 0ms, false, HttpReceiver::Answer::Body::stalls});
  CurlClient client(Scheme::http_allowed);
  EXPECT_EQ(kind_of(client, post(receiver.url("/secret")), 300ms), Error::Kind::unavailable);
}

TEST(HttpClients, ReachNoAddressThatGivesCredentialsAway) {
  CurlClient client(Scheme::http_allowed);
  for (const char* url : {"http://169.254.169.254/secret", "http://[fe80::1]/secret", "http://0xA9FEA9FE/secret"}) {
    try {
      client.send(post(url), 20s, {});
      ADD_FAILURE() << url;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::Kind::unavailable);
      EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
    }
  }
}

TEST(HttpClients, StopWhenAsked) {
  HttpReceiver receiver;
  receiver.then({200, {}, "late", 60s, false});
  CurlClient client(Scheme::http_allowed);
  std::stop_source stop;
  const std::jthread stopper([&] {
    receiver.wait_for(1, 20s);
    stop.request_stop();
  });
  try {
    client.send(post(receiver.url()), 50s, stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::cancelled);
  }
}

TEST(UrlOrigins, ShowSchemeAndHostOnly) {
  EXPECT_EQ(url_origin(Secret("https://hooks.slack.com/services/T0/B0/x")), "https://hooks.slack.com");
  EXPECT_EQ(url_origin(Secret("https://user:pw@example.org:8443/x?y")), "https://example.org");
  EXPECT_EQ(url_origin(Secret("no url")), "(not a URL)");
}

}  // namespace
}  // namespace pgvigil
