#include "alerts/delivery.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "alerts/alert_store.h"
#include "alerts/notifiers/pagerduty.h"
#include "alerts/notifiers/slack.h"
#include "core/error.h"
#include "core/json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_receiver.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using std::chrono::hours;

const char* const slack_url = "https://hooks.slack.com/services/T/B/secret";

// Answers from a script, "ok" and 202 when it has ended.
class ScriptedClient final : public HttpClient {
 public:
  HttpResponse send(const HttpRequest& request, milliseconds, std::stop_token) override {
    requests.push_back(request);
    if (before_answer) before_answer();
    if (script.empty())
      return request.url.reveal() == slack_url ? HttpResponse{200, {}, "ok"} : HttpResponse{202, {}, ""};
    const auto next = script.front();
    script.pop_front();
    if (!next) throw Error(Error::Kind::unavailable, "no answer from https://hooks.slack.com/services/T/B/secret");
    return *next;
  }
  void answer(long status, std::string body = "", std::map<std::string, std::string, std::less<>> headers = {}) {
    script.emplace_back(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void no_answer() { script.emplace_back(std::nullopt); }

  std::deque<std::optional<HttpResponse>> script;
  std::vector<HttpRequest> requests;
  std::function<void()> before_answer;
};

NotifierPtr slack() {
  return std::make_shared<SlackNotifier>(SlackOptions{Secret(slack_url)});
}
NotifierPtr pagerduty() {
  PagerDutyOptions options;
  options.routing_key = Secret("0123456789abcdef0123456789abcdef");
  return std::make_shared<PagerDutyNotifier>(std::move(options));
}
ChannelOptions options(const std::string& name, NotifierPtr notifier, Scheme scheme = Scheme::https_only) {
  return {name, "kind", Level::warning, scheme, std::move(notifier)};
}

class DeliveryTest : public testing::Test {
 protected:
  void owe(const std::string& channel, const std::string& alert,
           Notification::Kind kind = Notification::Kind::trigger) {
    Notification message;
    message.channel = channel;
    message.alert = alert;
    message.rule = "rule-" + alert;
    message.instance = "db1";
    message.kind = kind;
    message.since = message.at = clock_.wall_now();
    message.announcement.subject = alert;
    message.announcement.summary = "about " + alert;
    alerts_.commit({{}, {}, {message}});
  }

  Channel channel(NotifierPtr notifier) { return {options("c", std::move(notifier)), outbox_, client_, clock_}; }

  // Lets time pass until the channel wants to be called again; returns how long that was.
  milliseconds step(Channel& channel, const std::stop_token& stop = {}) {
    const SteadyTime next = channel.step(stop);
    const auto wait = std::chrono::duration_cast<milliseconds>(next - clock_.steady_now());
    clock_.advance(wait);
    return wait;
  }
  void run(Channel& channel, int steps) {
    for (int i = 0; i < steps; ++i) step(channel);
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  Outbox outbox_{store_};
  AlertStore alerts_{store_};
  FakeClock clock_;
  ScriptedClient client_;
};

TEST_F(DeliveryTest, SendsAMessageOnce) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  run(slack_channel, 5);
  ASSERT_EQ(client_.requests.size(), 1U);
  EXPECT_NE(client_.requests[0].body.find("about a"), std::string::npos);
  EXPECT_EQ(slack_channel.status().sent, 1U);
  EXPECT_EQ(slack_channel.status().pending, 0);
}

TEST_F(DeliveryTest, WithoutWorkItWaitsForTheBell) {
  Channel slack_channel = channel(slack());
  EXPECT_EQ(step(slack_channel), longest_wait);
}

TEST_F(DeliveryTest, EveryAttemptSendsTheSameMessage) {
  Channel pager = channel(pagerduty());
  owe("c", "a");
  client_.no_answer();
  client_.answer(503);
  client_.answer(429);
  run(pager, 12);  // a message may have to wait longer than its channel
  ASSERT_EQ(client_.requests.size(), 4U);
  for (const HttpRequest& request : client_.requests) EXPECT_EQ(request.body, client_.requests[0].body);
  EXPECT_EQ(pager.status().failed, 3U);
  EXPECT_EQ(pager.status().sent, 1U);
  EXPECT_FALSE(pager.status().failing);
}

TEST_F(DeliveryTest, AResolveNeverOvertakesItsTrigger) {
  Channel pager = channel(pagerduty());
  owe("c", "a");
  owe("c", "a", Notification::Kind::resolve);
  client_.answer(500);
  run(pager, 12);
  std::vector<std::string> actions;
  for (const HttpRequest& request : client_.requests)
    actions.push_back(Json::parse(request.body)["event_action"].text());
  EXPECT_EQ(actions, (std::vector<std::string>{"trigger", "trigger", "resolve"}));
}

TEST_F(DeliveryTest, RespectsRetryAfterForTheWholeChannel) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  owe("c", "b");
  client_.answer(429, "", {{"retry-after", "40"}});
  EXPECT_EQ(step(slack_channel), seconds(40));
  EXPECT_EQ(client_.requests.size(), 1U);
  EXPECT_EQ(slack_channel.status().pending, 2);
  run(slack_channel, 3);
  EXPECT_EQ(client_.requests.size(), 3U);
}

TEST_F(DeliveryTest, ARingDoesNotShortenAPause) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  client_.answer(429, "", {{"retry-after", "40"}});
  slack_channel.step({});
  owe("c", "b");
  clock_.advance(seconds(39));
  slack_channel.step({});
  EXPECT_EQ(client_.requests.size(), 1U);
}

TEST_F(DeliveryTest, KeepsThePaceThatTheReceiverWants) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  EXPECT_EQ(step(slack_channel), seconds(1));
}

TEST_F(DeliveryTest, ARefusedPayloadIsSentAgainAtOnceInItsShortestForm) {
  Channel pager = channel(pagerduty());
  owe("c", "a");
  client_.answer(400, R"({"status":"invalid event"})");
  run(pager, 3);
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_LT(client_.requests[1].body.size(), client_.requests[0].body.size());
  EXPECT_EQ(pager.status().sent, 1U);
}

TEST_F(DeliveryTest, WhatIsRefusedInItsShortestFormTooIsGivenUp) {
  Channel pager = channel(pagerduty());
  owe("c", "a");
  owe("c", "a", Notification::Kind::resolve);
  client_.answer(400);
  client_.answer(400);
  run(pager, 4);
  EXPECT_EQ(client_.requests.size(), 3U);
  EXPECT_EQ(pager.status().dead, 1U);
  EXPECT_EQ(pager.status().sent, 1U) << "the resolve is owed all the same";
}

TEST_F(DeliveryTest, AMessageThatFailsAgainAndAgainHoldsUpNoOtherAlert) {
  Channel slack_channel = channel(slack());
  owe("c", "poison");
  owe("c", "b");
  client_.answer(500);
  step(slack_channel);
  step(slack_channel);
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_NE(client_.requests[1].body.find("about b"), std::string::npos);
}

TEST_F(DeliveryTest, ATriggerIsGivenUpAfterADayButItsResolveIsNot) {
  Channel pager = channel(pagerduty());
  owe("c", "a");
  client_.answer(500);
  step(pager);
  owe("c", "a", Notification::Kind::resolve);
  clock_.advance(hours(25));
  run(pager, 3);
  EXPECT_EQ(pager.status().dead, 1U);
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_EQ(Json::parse(client_.requests[1].body)["event_action"].text(), "resolve");
}

TEST_F(DeliveryTest, AMessageThatWasNeverTriedIsNotTooOld) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  clock_.set_wall(clock_.wall_now() + hours(24 * 365));
  run(slack_channel, 2);
  EXPECT_EQ(slack_channel.status().sent, 1U);
}

TEST_F(DeliveryTest, KeepsTryingAChannelThatAPersonHasToRepair) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  for (int i = 0; i < 20; ++i) client_.answer(404, "no_service");
  run(slack_channel, 25);
  EXPECT_EQ(client_.requests.size(), 21U);
  EXPECT_EQ(slack_channel.status().sent, 1U);
}

TEST_F(DeliveryTest, AnInterruptedRequestIsSentAgainAfterTheStart) {
  std::stop_source stop;
  client_.before_answer = [&] { stop.request_stop(); };
  client_.no_answer();
  {
    Channel slack_channel = channel(slack());
    owe("c", "a");
    step(slack_channel, stop.get_token());
    EXPECT_EQ(slack_channel.status().pending, 1);
  }
  client_.before_answer = {};
  Channel next_start = channel(slack());
  step(next_start);
  EXPECT_EQ(client_.requests.size(), 2U);
  EXPECT_EQ(next_start.status().pending, 0);
}

TEST_F(DeliveryTest, ADeliveredMessageThatCannotBeMarkedIsNotSentAgain) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  bool disk_full = false;
  client_.before_answer = [&] { disk_full = true; };
  store_.observe_steps([&] {
    if (disk_full) throw Error(Error::Kind::unavailable, "disk full");
  });
  EXPECT_THROW(slack_channel.step({}), Error);
  EXPECT_THROW(slack_channel.step({}), Error);
  client_.before_answer = {};
  disk_full = false;
  run(slack_channel, 3);
  EXPECT_EQ(client_.requests.size(), 1U);
  EXPECT_EQ(slack_channel.status().pending, 0);
}

TEST_F(DeliveryTest, NoLogLineHoldsTheAddressOfAWebhook) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  client_.no_answer();
  testing::internal::CaptureStderr();
  step(slack_channel);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("no answer from"), std::string::npos) << log;
  EXPECT_EQ(log.find("secret"), std::string::npos) << log;
  EXPECT_EQ(log.find("/services"), std::string::npos) << log;
}

TEST_F(DeliveryTest, TheAgeOfTheBacklogIsShown) {
  Channel slack_channel = channel(slack());
  owe("c", "a");
  clock_.advance(seconds(90));
  EXPECT_EQ(slack_channel.status().pending, 1);
  EXPECT_EQ(slack_channel.status().oldest_pending_age, seconds(90));
}

// With threads, sockets and the real clock: a receiver that never answers delays nobody else.
TEST_F(DeliveryTest, ADeadChannelDelaysNoOther) {
  const SystemClock clock;
  HttpReceiver dead;
  HttpReceiver alive;
  dead.then({200, {}, "ok", std::chrono::minutes(5), false});
  CurlClient plain(Scheme::http_allowed);
  const auto to = [](const HttpReceiver& receiver) {
    return std::make_shared<SlackNotifier>(SlackOptions{Secret(receiver.url("/hook"))});
  };
  owe("dead", "a");
  Delivery delivery(
      {options("dead", to(dead), Scheme::http_allowed), options("alive", to(alive), Scheme::http_allowed)}, outbox_,
      client_, plain, clock);
  delivery.start();
  ASSERT_TRUE(dead.wait_for(1, seconds(20)));
  owe("alive", "b");
  owe("alive", "c");
  delivery.ring();
  EXPECT_TRUE(alive.wait_for(2, seconds(20)));
  EXPECT_EQ(dead.requests().size(), 1U);
  EXPECT_TRUE(client_.requests.empty());
}

}  // namespace
}  // namespace pgvigil
