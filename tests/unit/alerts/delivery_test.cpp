#include "alerts/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/notifiers/alertmanager.h"
#include "alerts/notifiers/pagerduty.h"
#include "alerts/notifiers/slack.h"
#include "core/error.h"
#include "core/json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_receiver.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/messages.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

NotifierPtr slack(const std::string& url = "https://hooks.slack.com/services/T/B/secret") {
  return std::make_shared<SlackNotifier>(Secret(url));
}
NotifierPtr pagerduty() {
  PagerDutyOptions options;
  options.routing_key = Secret("0123456789abcdef0123456789abcdef");
  return std::make_shared<PagerDutyNotifier>(std::move(options));
}
NotifierPtr alertmanager() {
  return std::make_shared<AlertmanagerNotifier>(AlertmanagerOptions{Secret("https://am"), {}, minutes(1)});
}
ChannelOptions lane(const std::string& name, NotifierPtr notifier, const std::string& target = "") {
  return {name, target.empty() ? name : target, "kind", Level::warning, Scheme::http_allowed, "", std::move(notifier)};
}

class DeliveryTest : public testing::Test {
 protected:
  Notification message(const std::string& channel, const std::string& key) const {
    Notification result = trigger();
    result.channel = channel;
    result.key = key;
    result.at = clock_.wall_now();
    result.alerts.front().since = result.at;
    result.alerts.front().announcement.summary = "about " + key;
    return result;
  }
  Notification end(const std::string& channel, const std::string& key) const {
    Notification result = resolve();
    result.channel = channel;
    result.key = key;
    result.at = clock_.wall_now();
    result.alerts.front().announcement.summary = "about " + key;
    result.alerts.front().ended = result.at;
    return result;
  }
  void owe(const Notification& notification) {
    store_.transaction([&](LocalStore::Transaction& transaction) { Outbox::append(transaction, notification); });
  }

  Channel channel(NotifierPtr notifier) {
    return {lane("c", std::move(notifier)), {outbox_, client_, target_, clock_, takers_}};
  }

  // Lets time pass until the channel wants to be called again; returns how long that was.
  milliseconds step(Channel& channel, const std::stop_token& stop = {}) {
    const SteadyTime next = channel.step(stop);
    const auto wait = std::chrono::ceil<milliseconds>(next - clock_.steady_now());
    clock_.advance(wait);
    return wait;
  }
  void run(Channel& channel, int steps) {
    for (int i = 0; i < steps; ++i) step(channel);
  }
  // Lets `duration` pass.
  void run_for(Channel& channel, milliseconds duration) {
    const SteadyTime until = clock_.steady_now() + duration;
    while (clock_.steady_now() < until) {
      const SteadyTime next = std::min(channel.step({}), until);
      clock_.advance(std::max(next - clock_.steady_now(), SteadyTime::duration(milliseconds(1))));
    }
  }
  std::vector<std::string> outcomes() const {
    std::vector<std::string> result;
    for (const auto& attempt : DeliveryLog::recent(store_, 1000)) result.insert(result.begin(), attempt.outcome);
    return result;
  }

  TempDir folder_;
  LocalStore store_{folder_ / "state.db"};
  Outbox outbox_{store_};
  FakeClock clock_{noon};
  ScriptedClient client_;
  PgOptions target_;
  std::function<std::vector<std::string>(const Channel&, const std::vector<std::string>&)> takers_;
};

class PagerDelivery : public DeliveryTest {
 protected:
  PagerDelivery() { client_.usual = HttpResponse{202, {}, ""}; }
  std::vector<std::string> actions() const {
    std::vector<std::string> result;
    for (const HttpRequest& request : client_.requests)
      result.push_back(Json::parse(request.body)["event_action"].text());
    return result;
  }
};

TEST_F(DeliveryTest, SendsAMessageOnce) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  run(slack_channel, 5);
  ASSERT_EQ(client_.requests.size(), 1U);
  EXPECT_THAT(client_.requests[0].body, HasSubstr("about a"));
  EXPECT_EQ(slack_channel.status().delivered, 1U);
  EXPECT_EQ(slack_channel.status().pending, 0);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"delivered"}));
}

TEST_F(DeliveryTest, WithoutWorkItWaitsForTheBell) {
  Channel slack_channel = channel(slack());
  EXPECT_EQ(step(slack_channel), longest_wait);
}

TEST_F(PagerDelivery, EveryAttemptSendsTheSameMessage) {
  Channel pager = channel(pagerduty());
  owe(message("c", "a"));
  client_.no_answer();
  client_.answer(503);
  client_.answer(429);
  run_for(pager, minutes(5));
  ASSERT_EQ(client_.requests.size(), 4U);
  for (const HttpRequest& request : client_.requests) EXPECT_EQ(request.body, client_.requests[0].body);
  const ChannelStatus status = pager.status();
  EXPECT_EQ(status.failures.at(Verdict::Kind::unreachable), 1U);
  EXPECT_EQ(status.failures.at(Verdict::Kind::receiver_failed), 1U);
  EXPECT_EQ(status.failures.at(Verdict::Kind::rate_limited), 1U);
  EXPECT_EQ(status.delivered, 1U);
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"failed", "failed", "failed", "delivered"}));
}

TEST_F(PagerDelivery, AResolveNeverOvertakesItsTrigger) {
  Channel pager = channel(pagerduty());
  owe(message("c", "a"));
  client_.answer(500);
  step(pager);
  owe(end("c", "a"));
  run_for(pager, minutes(5));
  EXPECT_EQ(actions(), (std::vector<std::string>{"trigger", "resolve"}))
      << "a receiver that keeps state needs the newest state only";
}

TEST_F(DeliveryTest, WhatFiredAndEndedWhileItCouldNotBeToldIsOneMessage) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  client_.answer(500);
  step(slack_channel);
  clock_.set_wall(noon + minutes(7));
  owe(end("c", "a"));
  run_for(slack_channel, minutes(5));
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_THAT(client_.requests[1].body, HasSubstr("fired 11:55 UTC, resolved 12:07 UTC (delivered late)"));
}

TEST_F(DeliveryTest, AnOutageOfAnHourLosesNothing) {
  Channel slack_channel = channel(slack());
  client_.usual.reset();
  const std::stop_token none;
  for (int i = 0; i < 10; ++i) owe(message("c", "fires " + std::to_string(i)));
  owe(message("c", "ends"));
  run_for(slack_channel, minutes(30));
  owe(end("c", "ends"));
  run_for(slack_channel, minutes(30));
  EXPECT_EQ(slack_channel.status().pending, 11);
  EXPECT_EQ(slack_channel.status().breaker, ChannelBreaker::State::open);
  EXPECT_LT(client_.requests.size(), 60U) << "it insisted";
  client_.usual = HttpResponse{200, {}, "ok"};
  client_.requests.clear();
  run_for(slack_channel, minutes(10));
  EXPECT_EQ(slack_channel.status().pending, 0);
  EXPECT_EQ(client_.requests.size(), 11U);
  EXPECT_EQ(slack_channel.status().breaker, ChannelBreaker::State::closed);
}

TEST_F(DeliveryTest, RespectsRetryAfterForTheWholeChannel) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  owe(message("c", "b"));
  client_.answer(429, "", {{"retry-after", "40"}});
  EXPECT_EQ(step(slack_channel), seconds(40));
  EXPECT_EQ(client_.requests.size(), 1U);
  run(slack_channel, 3);
  EXPECT_EQ(client_.requests.size(), 3U);
}

TEST_F(DeliveryTest, ARingDoesNotShortenAPause) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  client_.answer(429, "", {{"retry-after", "40"}});
  slack_channel.step({});
  owe(message("c", "b"));
  clock_.advance(seconds(39));
  slack_channel.step({});
  EXPECT_EQ(client_.requests.size(), 1U);
}

TEST_F(DeliveryTest, KeepsTheRateThatTheReceiverWants) {
  Channel slack_channel = channel(slack());
  for (int i = 0; i < 20; ++i) owe(message("c", std::to_string(i)));
  const SteadyTime began = clock_.steady_now();
  for (int i = 0; i < 100 && client_.requests.size() < 20; ++i) step(slack_channel);
  EXPECT_EQ(client_.requests.size(), 20U);
  EXPECT_GE(clock_.steady_now() - began, seconds(14)) << "five at once, then one a second";
  EXPECT_LE(clock_.steady_now() - began, seconds(16));
}

TEST_F(PagerDelivery, ARefusedPayloadIsSentAgainAtOnceInItsShortestForm) {
  Channel pager = channel(pagerduty());
  owe(message("c", "a"));
  client_.answer(400, R"({"status":"invalid event"})");
  run(pager, 3);
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_LT(client_.requests[1].body.size(), client_.requests[0].body.size());
  EXPECT_EQ(pager.status().delivered, 1U);
}

TEST_F(PagerDelivery, WhatIsRefusedInItsShortestFormTooBecomesADeadLetter) {
  Channel pager = channel(pagerduty());
  owe(message("c", "a"));
  client_.answer(400);
  client_.answer(400);
  run(pager, 2);
  EXPECT_EQ(pager.status().dead, 1U);
  EXPECT_EQ(outbox_.dead_letters().size(), 1U);
  owe(end("c", "a"));
  run(pager, 2);
  EXPECT_EQ(pager.status().delivered, 1U) << "the resolve is owed all the same";
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"dead", "delivered"}));
}

TEST_F(DeliveryTest, AMessageThatFailsAgainAndAgainHoldsUpNoOther) {
  Channel slack_channel = channel(slack());
  owe(message("c", "poison"));
  owe(message("c", "b"));
  client_.answer(500);
  step(slack_channel);
  step(slack_channel);
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_THAT(client_.requests[1].body, HasSubstr("about b"));
}

TEST_F(PagerDelivery, ATriggerIsGivenUpAfterADayAndAResolveAfterAWeek) {
  Channel pager = channel(pagerduty());
  client_.usual.reset();
  owe(message("c", "trigger"));
  owe(end("c", "resolve"));
  run_for(pager, hours(25));
  EXPECT_EQ(pager.status().dead, 1U);
  EXPECT_EQ(pager.status().pending, 1);
  run_for(pager, hours(24 * 6));
  EXPECT_EQ(pager.status().dead, 2U);
  EXPECT_EQ(outbox_.dead_letters().size(), 2U);
}

TEST_F(DeliveryTest, AMessageThatWasNeverTriedIsNotTooOld) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  clock_.set_wall(clock_.wall_now() + hours(24 * 365));
  run(slack_channel, 2);
  EXPECT_EQ(slack_channel.status().delivered, 1U);
}

TEST_F(DeliveryTest, AChannelThatAPersonHasToRepairIsOpenAtOnceAndStillTried) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  for (int i = 0; i < 20; ++i) client_.answer(404, "no_service");
  slack_channel.step({});
  EXPECT_EQ(slack_channel.status().breaker, ChannelBreaker::State::open);
  EXPECT_FALSE(slack_channel.working());
  run_for(slack_channel, hours(3));
  EXPECT_EQ(slack_channel.status().delivered, 1U);
  EXPECT_TRUE(slack_channel.working());
}

TEST_F(DeliveryTest, FiveFailuresInARowOpenTheBreaker) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  for (int i = 0; i < 5; ++i) client_.answer(500);
  for (int i = 0; client_.requests.size() < 4; ++i) step(slack_channel);
  EXPECT_TRUE(slack_channel.working());
  while (client_.requests.size() < 5) {
    const SteadyTime next = slack_channel.step({});
    if (client_.requests.size() < 5) clock_.advance(next - clock_.steady_now());
  }
  EXPECT_FALSE(slack_channel.working());
  EXPECT_TRUE(outbox_.open_since("c").has_value());
  run_for(slack_channel, minutes(10));
  EXPECT_TRUE(slack_channel.working());
  EXPECT_FALSE(outbox_.open_since("c").has_value());
}

TEST_F(DeliveryTest, TheTimeOfAnOutageIsKeptAcrossRestarts) {
  client_.usual.reset();
  takers_ = [](const Channel&, const std::vector<std::string>& wanted) { return wanted; };
  Notification important = message("c", "a");
  important.fallback = {"mail"};
  owe(important);
  {
    Channel before = channel(slack());
    while (before.working()) step(before);
  }
  clock_.advance(minutes(3));
  Channel after = channel(slack());
  EXPECT_FALSE(after.working());
  after.step({});
  EXPECT_EQ(outbox_.backlog("mail").pending, 1);
}

TEST_F(DeliveryTest, AfterTwoMinutesAnotherChannelTakesTheMessageOnce) {
  takers_ = [](const Channel&, const std::vector<std::string>& wanted) { return wanted; };
  client_.usual.reset();
  Channel slack_channel = channel(slack());
  Notification important = message("c", "a");
  important.fallback = {"mail"};
  owe(important);
  owe(message("c", "without fallback"));
  while (slack_channel.working()) step(slack_channel);
  const WallTime opened = *outbox_.open_since("c");
  run_for(slack_channel, seconds(100));
  EXPECT_EQ(outbox_.backlog("mail").pending, 0) << "too early";
  run_for(slack_channel, seconds(40));
  EXPECT_EQ(outbox_.backlog("mail").pending, 1);
  EXPECT_LE(clock_.wall_now() - opened, minutes(3));
  run_for(slack_channel, hours(1));
  EXPECT_EQ(slack_channel.status().passed_on, 1U);
  EXPECT_EQ(slack_channel.status().pending, 2) << "it is still owed here";
}

TEST_F(PagerDelivery, WhatIsGivenUpGoesToTheFallbackToo) {
  takers_ = [](const Channel&, const std::vector<std::string>& wanted) { return wanted; };
  Channel pager = channel(pagerduty());
  Notification important = message("c", "a");
  important.fallback = {"mail"};
  owe(important);
  client_.answer(400);
  client_.answer(400);
  run(pager, 2);
  EXPECT_EQ(outbox_.backlog("mail").pending, 1);
  EXPECT_EQ(outbox_.backlog("c").pending, 0);
}

TEST_F(DeliveryTest, BatchesAreBoundedAndOneThatIsRefusedIsSentSingly) {
  Channel am = channel(alertmanager());
  client_.usual = HttpResponse{200, {}, ""};
  for (int i = 0; i < 300; ++i) owe(message("c", std::to_string(i)));
  step(am);
  ASSERT_EQ(client_.requests.size(), 1U);
  EXPECT_EQ(Json::parse(client_.requests[0].body).array().size(), 256U);
  client_.answer(400);  // the batch
  client_.answer(400);  // the first alone
  client_.answer(400);  // and in its shortest form
  run_for(am, minutes(1));
  EXPECT_EQ(am.status().dead, 1U);
  EXPECT_EQ(am.status().delivered, 299U);
  EXPECT_EQ(am.status().pending, 0);
}

TEST_F(DeliveryTest, AnInterruptedRequestIsSentAgainAfterTheStart) {
  std::stop_source stop;
  client_.before_answer = [&] { stop.request_stop(); };
  client_.no_answer();
  {
    Channel slack_channel = channel(slack());
    owe(message("c", "a"));
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
  owe(message("c", "a"));
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

// Stops at every step of the store, as a crash would, and starts again: the message arrives, and its end last.
TEST_F(PagerDelivery, ARestartAtAnyStepLosesNothing) {
  for (int limit = 1; limit < 60; ++limit) {
    SCOPED_TRACE(limit);
    TempDir folder;
    client_.requests.clear();
    int steps = 0;
    bool crashed = false;
    for (int start = 0; start < 2; ++start) {
      LocalStore store(folder / "state.db");
      Outbox outbox(store);
      store.observe_steps([&] {
        if (++steps == limit && start == 0) crashed = true;
        if (crashed && start == 0) throw Error(Error::Kind::unavailable, "the process ends here");
      });
      try {
        Channel pager(lane("c", pagerduty()), {outbox, client_, target_, clock_, {}});
        if (start == 0 || client_.requests.empty()) {
          store.transaction([&](auto& transaction) { Outbox::append(transaction, message("c", "a")); });
          run(pager, 2);
        }
        store.transaction([&](auto& transaction) { Outbox::append(transaction, end("c", "a")); });
        run(pager, 3);
        EXPECT_EQ(pager.status().pending, 0);
      } catch (const Error&) {
        EXPECT_EQ(start, 0);
      }
    }
    EXPECT_EQ(actions().front(), "trigger");
    EXPECT_EQ(actions().back(), "resolve");
    if (!crashed) {
      EXPECT_GT(limit, 10) << "the steps are no longer observed";
      return;
    }
  }
  FAIL() << "it never came to its end";
}

TEST_F(DeliveryTest, NoLogLineAndNoHistoryHoldsTheAddressOfAWebhook) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  client_.no_answer();
  testing::internal::CaptureStderr();
  step(slack_channel);
  const std::string log = testing::internal::GetCapturedStderr();
  const std::string history = DeliveryLog::recent(store_, 1).at(0).detail;
  for (const std::string& text : {log, history}) {
    EXPECT_THAT(text, HasSubstr("no answer from"));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, Not(HasSubstr("/services")));
  }
  const std::string files = slurp(folder_ / "state.db") + slurp(folder_ / "state.db-wal");
  EXPECT_THAT(files, Not(HasSubstr("/services/T/B/secret")));
}

TEST_F(DeliveryTest, TheAgeOfTheBacklogIsShown) {
  Channel slack_channel = channel(slack());
  owe(message("c", "a"));
  clock_.advance(seconds(90));
  EXPECT_EQ(slack_channel.status().pending, 1);
  EXPECT_EQ(slack_channel.status().oldest_pending_age, seconds(90));
}

// With threads, sockets and the real clock from here on.
class Lanes : public DeliveryTest {
 protected:
  static NotifierPtr to(const HttpReceiver& receiver) { return slack(receiver.url("/hook")); }
  const SystemClock real_clock_;
};

TEST_F(Lanes, ADeadChannelDelaysNoOther) {
  HttpReceiver dead;
  HttpReceiver alive;
  dead.then({200, {}, "ok", minutes(5), false});
  owe(message("dead", "a"));
  Delivery delivery({lane("dead", to(dead)), lane("alive", to(alive))}, outbox_, target_, real_clock_);
  delivery.start();
  ASSERT_TRUE(dead.wait_for(1, seconds(20)));
  owe(message("alive", "b"));
  owe(message("alive", "c"));
  delivery.ring();
  EXPECT_TRUE(alive.wait_for(2, seconds(20)));
  EXPECT_EQ(dead.requests().size(), 1U);
  EXPECT_EQ(delivery.trouble(), std::nullopt) << "a receiver that does not answer is no trouble of ours";
}

TEST_F(Lanes, TheFallbackIsTheFirstChannelThatWorks) {
  HttpReceiver gone;
  HttpReceiver also_gone;
  HttpReceiver alive;
  // Both have been out of order for longer than the patience.
  outbox_.set_open_since("gone", real_clock_.wall_now() - minutes(3));
  outbox_.set_open_since("also-gone", real_clock_.wall_now() - minutes(3));
  gone.then({404, {}, "no_service", milliseconds(0), false});
  Notification important = message("gone", "a");
  important.fallback = {"also-gone", "alive"};
  owe(important);
  Delivery delivery({lane("gone", to(gone)), lane("also-gone", to(also_gone)), lane("alive", to(alive))}, outbox_,
                    target_, real_clock_);
  delivery.start();
  EXPECT_TRUE(alive.wait_for(1, seconds(20)));
  EXPECT_TRUE(also_gone.requests().empty());
}

TEST_F(Lanes, AReplicaThatWorksMakesTheFallbackNeedless) {
  HttpReceiver gone;
  HttpReceiver replica;
  HttpReceiver fallback;
  outbox_.set_open_since("am-1", real_clock_.wall_now() - minutes(3));
  gone.then({404, {}, "no_service", milliseconds(0), false});
  for (const char* name : {"am-1", "am-2"}) {
    Notification copy = message(name, "a");
    copy.fallback = {"mail"};
    owe(copy);
  }
  Delivery delivery({lane("am-1", to(gone), "am"), lane("am-2", to(replica), "am"), lane("mail", to(fallback))},
                    outbox_, target_, real_clock_);
  delivery.start();
  EXPECT_TRUE(gone.wait_for(1, seconds(20)));
  EXPECT_TRUE(replica.wait_for(1, seconds(20)));
  EXPECT_EQ(outbox_.backlog("mail").pending, 0);
  EXPECT_TRUE(fallback.requests().empty());
}

}  // namespace
}  // namespace pgvigil
