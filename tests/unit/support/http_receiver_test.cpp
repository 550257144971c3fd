#include "tests/support/http_receiver.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/http_client.h"

namespace pgvigil {
namespace {

HttpResponse post(const HttpReceiver& receiver, const std::string& body, milliseconds timeout = seconds(10)) {
  CurlClient client(Scheme::http_allowed);
  return client.send({"POST", Secret(receiver.url("/hook?x=1")), {{"X-Test", "yes"}}, body}, timeout, {});
}

TEST(HttpReceiver, KeepsWhatItReceived) {
  const HttpReceiver receiver;
  EXPECT_EQ(post(receiver, "hello").status, 200);
  ASSERT_TRUE(receiver.wait_for(1, seconds(10)));
  const auto request = receiver.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/hook?x=1");
  EXPECT_EQ(request.headers.at("x-test"), "yes");
  EXPECT_EQ(request.body, "hello");
}

TEST(HttpReceiver, ReadsABodyThatComesInManyPieces) {
  const HttpReceiver receiver;
  const std::string body(3 << 20, 'x');
  EXPECT_EQ(post(receiver, body).status, 200);
  EXPECT_EQ(receiver.requests().at(0).body, body);
}

TEST(HttpReceiver, AnswersFromItsScriptAndThenWellAgain) {
  HttpReceiver receiver;
  receiver.then({429, {{"Retry-After", "7"}}, "slow down", milliseconds(0), false});
  const auto refused = post(receiver, "");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "7");
  EXPECT_EQ(refused.body, "slow down");
  EXPECT_EQ(post(receiver, "").status, 200);
}

TEST(HttpReceiver, CanTakeARequestAndNeverAnswer) {
  HttpReceiver receiver;
  receiver.then({200, {}, "", milliseconds(0), true});
  EXPECT_THROW(post(receiver, "lost"), Error);
  EXPECT_EQ(receiver.requests().at(0).body, "lost");
}

TEST(HttpReceiver, AnswersTooLateWhenItsScriptSaysSo) {
  HttpReceiver receiver;
  receiver.then({200, {}, "", seconds(60), false});
  EXPECT_THROW(post(receiver, "slow", milliseconds(200)), Error);
}

}  // namespace
}  // namespace pgvigil
