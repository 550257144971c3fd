#include <gtest/gtest.h>

#include "alerts/notifiers/pagerduty.h"
#include "alerts/notifiers/slack.h"
#include "core/json.h"

namespace pgvigil {
namespace {

const WallTime noon{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::hours(12)};

Notification trigger() {
  Notification result;
  result.channel = "c";
  result.alert = "abc";
  result.rule = "idle-in-transaction";
  result.instance = "db1";
  result.level = Level::warning;
  result.value = 312;
  result.since = noon;
  result.at = noon;
  result.announcement = {"shop", {{"datname", "shop"}}, "shop: idle for 5m12s", "It holds locks.", "End it."};
  return result;
}

Notification resolve() {
  Notification result = trigger();
  result.kind = Notification::Kind::resolve;
  result.at = noon + std::chrono::minutes(7);
  return result;
}

HttpResponse answer(long status, std::string body = "", std::map<std::string, std::string, std::less<>> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

SlackNotifier slack() {
  return SlackNotifier(SlackOptions{Secret("https://hooks.slack.com/services/T/B/secret")});
}
PagerDutyNotifier pagerduty() {
  PagerDutyOptions options;
  options.routing_key = Secret("0123456789abcdef0123456789abcdef");
  return PagerDutyNotifier(options);
}

Json slack_body(const Notification& notification) {
  return Json::parse(slack().render(notification).body);
}
Json pagerduty_body(const Notification& notification) {
  return Json::parse(pagerduty().render(notification).body);
}

TEST(Slack, ATriggerHasALineOfTextAndAColouredAttachment) {
  const Json body = slack_body(trigger());
  EXPECT_EQ(body["text"].text(), "WARNING on db1: shop: idle for 5m12s");
  const Json& attachment = body["attachments"].array().at(0);
  EXPECT_EQ(attachment["color"].text(), "warning");
  EXPECT_EQ(attachment["text"].text(), "It holds locks.\nWhat to do: End it.");
  EXPECT_EQ(attachment["ts"].integer(), 1772366400);
}

TEST(Slack, AChangeOfLevelNamesTheOldOne) {
  Notification escalation = trigger();
  escalation.level = Level::critical;
  escalation.previous = Level::warning;
  const Json body = slack_body(escalation);
  EXPECT_EQ(body["text"].text(), "CRITICAL (was warning) on db1: shop: idle for 5m12s");
  EXPECT_EQ(body["attachments"].array().at(0)["color"].text(), "danger");
}

TEST(Slack, AResolveSaysHowLongItLastedAndWhyItEnded) {
  const Json body = slack_body(resolve());
  EXPECT_EQ(body["text"].text(), "RESOLVED on db1 after 7m (back to normal): shop: idle for 5m12s");
  EXPECT_EQ(body["attachments"].array().at(0)["color"].text(), "good");
  Notification gone = resolve();
  gone.reason = Reason::subject_gone;
  EXPECT_NE(slack_body(gone)["text"].text().find("it no longer exists"), std::string::npos);
}

TEST(Slack, NamesFromTheDatabaseCannotPingPeople) {
  Notification hostile = trigger();
  hostile.announcement.summary = "<!channel> & <@U123>";
  hostile.announcement.labels["relname"] = "<!here>";
  const std::string body = slack().render(hostile).body;
  EXPECT_EQ(body.find('<'), std::string::npos);
  EXPECT_NE(body.find("&lt;!channel&gt; &amp; &lt;@U123&gt;"), std::string::npos);
}

TEST(Slack, AnEscapeIsNeverCutInTwo) {
  const std::string hostile(100, '&');
  for (std::size_t limit = 10; limit < 40; ++limit) {
    const std::string text = slack_text(hostile, limit);
    EXPECT_LE(text.size(), limit + 3);
    const auto last = text.rfind('&');
    EXPECT_EQ(text.substr(last, 5), "&amp;") << text;
  }
  EXPECT_EQ(slack_text("a<b", 100), "a&lt;b");
}

TEST(Slack, AHugeMessageStaysBelowSlacksLimit) {
  Notification huge = trigger();
  huge.announcement.summary = std::string(100'000, '<');
  huge.announcement.description = std::string(100'000, '&');
  huge.announcement.runbook = std::string(100'000, 'x');
  for (int i = 0; i < 200; ++i) huge.announcement.labels["l" + std::to_string(i)] = std::string(5000, '>');
  const std::string body = slack().render(huge).body;
  EXPECT_LT(body.size(), 13'000U);
  EXPECT_LT(slack().render_minimal(huge).body.size(), 3'100U);
}

TEST(Slack, TextThatIsNotUtf8StaysValidJson) {
  Notification broken = trigger();
  broken.announcement.summary = "\xff\xfe" + std::string(999, '\xc3');
  EXPECT_NO_THROW(slack_body(broken));
}

TEST(Slack, JudgesEveryAnswerOfItsDocumentation) {
  struct Case {
    HttpResponse response;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  for (const Case& row : std::vector<Case>{
           {answer(200, "ok"), Kind::delivered},
           {answer(200, "ok\n"), Kind::delivered},
           {answer(200, "<html>Please log in</html>"), Kind::retry},
           {answer(200, R"({"ok":false,"error":"is_archived"})"), Kind::retry},
           {answer(200, R"({"ok":false,"error":"msg_too_long"})"), Kind::payload_refused},
           {answer(302), Kind::retry},
           {answer(400, "invalid_payload"), Kind::payload_refused},
           {answer(400, "no_text"), Kind::payload_refused},
           {answer(400, "too_many_attachments"), Kind::payload_refused},
           {answer(400, "user_not_found"), Kind::retry},
           {answer(403, "invalid_token"), Kind::retry},
           {answer(404, "no_service"), Kind::retry},
           {answer(410, "channel_is_archived"), Kind::retry},
           {answer(429), Kind::retry},
           {answer(500, "rollup_error"), Kind::retry},
           {answer(503), Kind::retry},
       }) {
    EXPECT_EQ(slack().judge(row.response).kind, row.verdict) << row.response.status << " " << row.response.body;
  }
}

TEST(Slack, WaitsAsLongAsItIsTold) {
  EXPECT_EQ(slack().judge(answer(429, "", {{"retry-after", "30"}})).after, seconds(30));
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":7,"ok":false,"error":"rate_limited"})")).after, seconds(7));
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":7})", {{"retry-after", "30"}})).after, seconds(30));
  EXPECT_EQ(slack().judge(answer(429, "", {{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}})).after, std::nullopt);
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":-5})")).after, seconds(0));
}

TEST(Slack, RepeatsNoMoreThanAnErrorWordOfTheAnswer) {
  EXPECT_EQ(slack().judge(answer(404, "no_service")).why, "Slack answered 404 no_service");
  EXPECT_EQ(slack().judge(answer(404, "No such page /services/T/B/secret")).why, "Slack answered 404 ");
}

TEST(PagerDuty, ATriggerHasWhatTheEventsApiRequires) {
  const Json body = pagerduty_body(trigger());
  EXPECT_EQ(body["routing_key"].text(), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(body["event_action"].text(), "trigger");
  EXPECT_EQ(body["dedup_key"].text().substr(0, 8), "pgvigil:");
  EXPECT_EQ(body["payload"]["summary"].text(), "db1: shop: idle for 5m12s");
  EXPECT_EQ(body["payload"]["source"].text(), "db1");
  EXPECT_EQ(body["payload"]["severity"].text(), "warning");
  EXPECT_EQ(body["payload"]["timestamp"].text(), "2026-03-01T12:00:00Z");
  EXPECT_EQ(body["payload"]["custom_details"]["labels"]["datname"].text(), "shop");
  EXPECT_EQ(body["payload"]["custom_details"]["value"].number(), 312);
}

TEST(PagerDuty, AResolveNeedsTheKeyOnlyAndItIsTheTriggers) {
  const Json body = pagerduty_body(resolve());
  EXPECT_EQ(body["event_action"].text(), "resolve");
  EXPECT_EQ(body["dedup_key"].text(), pagerduty_body(trigger())["dedup_key"].text());
  EXPECT_TRUE(body["payload"].is_null());
}

TEST(PagerDuty, EveryLevelAndEveryServerHasItsOwnIncident) {
  Notification critical = trigger();
  critical.level = Level::critical;
  Notification elsewhere = trigger();
  elsewhere.instance = "db2";
  const std::string key = pagerduty_body(trigger())["dedup_key"].text();
  EXPECT_NE(pagerduty_body(critical)["dedup_key"].text(), key);
  EXPECT_NE(pagerduty_body(elsewhere)["dedup_key"].text(), key);
  EXPECT_LE(key.size(), 255U);
}

TEST(PagerDuty, AHugeMessageStaysWithinTheLimits) {
  Notification huge = trigger();
  for (int i = 0; i < 400; ++i) huge.announcement.summary += "ß";
  huge.announcement.summary += std::string(100'000, 'x');
  huge.announcement.description = std::string(1'000'000, 'y');
  for (int i = 0; i < 1000; ++i) huge.announcement.labels["l" + std::to_string(i)] = std::string(5000, 'z');
  const std::string body = pagerduty().render(huge).body;
  EXPECT_LT(body.size(), 512'000U);
  EXPECT_LE(Json::parse(body)["payload"]["summary"].text().size(), 1024U);
}

TEST(PagerDuty, TheMinimalEventHasTheRequiredFieldsOnly) {
  const Json body = Json::parse(pagerduty().render_minimal(trigger()).body);
  EXPECT_EQ(body["payload"].object().size(), 3U);
  EXPECT_EQ(body["dedup_key"].text(), pagerduty_body(trigger())["dedup_key"].text());
  EXPECT_TRUE(Json::parse(pagerduty().render_minimal(resolve()).body)["payload"].is_null());
}

TEST(PagerDuty, ARunbookThatIsALinkBecomesOne) {
  Notification linked = trigger();
  linked.announcement.runbook = "https://wiki/idle";
  EXPECT_EQ(pagerduty_body(linked)["links"].array().at(0)["href"].text(), "https://wiki/idle");
  EXPECT_TRUE(pagerduty_body(trigger())["links"].is_null());
}

TEST(PagerDuty, JudgesEveryAnswerOfItsDocumentation) {
  struct Case {
    HttpResponse response;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  for (const Case& row : std::vector<Case>{{answer(202, R"({"status":"success"})"), Kind::delivered},
                                           {answer(200, "<html>"), Kind::retry},
                                           {answer(400, R"({"status":"invalid event"})"), Kind::payload_refused},
                                           {answer(404), Kind::retry},
                                           {answer(429), Kind::retry},
                                           {answer(500), Kind::retry},
                                           {answer(503), Kind::retry}}) {
    EXPECT_EQ(pagerduty().judge(row.response).kind, row.verdict) << row.response.status;
  }
  EXPECT_EQ(pagerduty().judge(answer(429)).after, seconds(30));
  EXPECT_EQ(pagerduty().judge(answer(429, "", {{"retry-after", "90"}})).after, seconds(90));
}

TEST(Notification, ComesBackFromItsStoredFormUnchanged) {
  Notification full = resolve();
  full.previous = Level::critical;
  full.reason = Reason::subject_gone;
  EXPECT_EQ(Notification::from_json(full.to_json()).to_json(), full.to_json());
  full.value = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Notification::from_json(full.to_json()).value, full.value);
  full.value = std::nullopt;
  EXPECT_EQ(Notification::from_json(full.to_json()).value, std::nullopt);
  EXPECT_EQ(Notification::from_json(full.to_json()).since, full.since);
}

TEST(MessagesDue, LeaveTheChannelKnowingTheLevelThatIsWanted) {
  using Kind = Notification::Kind;
  const auto none = std::optional<Level>();
  const auto due = messages_due;
  EXPECT_TRUE(due(none, none, true).empty());
  EXPECT_TRUE(due(Level::warning, Level::warning, true).empty());
  EXPECT_EQ(due(none, Level::warning, false), (std::vector<Message>{{Kind::trigger, Level::warning, none}}));
  EXPECT_EQ(due(Level::warning, none, false), (std::vector<Message>{{Kind::resolve, Level::warning, none}}));
  EXPECT_EQ(due(Level::warning, Level::critical, false),
            (std::vector<Message>{{Kind::trigger, Level::critical, Level::warning}}));
  EXPECT_EQ(
      due(Level::warning, Level::critical, true),
      (std::vector<Message>{{Kind::trigger, Level::critical, Level::warning}, {Kind::resolve, Level::warning, none}}));
  EXPECT_EQ(
      due(Level::critical, Level::warning, true),
      (std::vector<Message>{{Kind::trigger, Level::warning, Level::critical}, {Kind::resolve, Level::critical, none}}));
}

}  // namespace
}  // namespace pgvigil
