#include "alerts/notifiers/pagerduty.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

PagerDutyNotifier pagerduty() {
  PagerDutyOptions options;
  options.routing_key = Secret("0123456789abcdef0123456789abcdef");
  return PagerDutyNotifier(options);
}

Json body_of(const Notification& notification) {
  const Letter one = letter(notification);
  return Json::parse(pagerduty().render({&one, 1}).body);
}

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

TEST(PagerDuty, ATriggerHasWhatTheEventsApiRequires) {
  const Json body = body_of(trigger());
  EXPECT_EQ(body["routing_key"].text(), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(body["event_action"].text(), "trigger");
  EXPECT_EQ(body["dedup_key"].text(), "pgvigil:abc");
  EXPECT_EQ(body["payload"]["summary"].text(), "db1: shop: idle for 5m12s");
  EXPECT_EQ(body["payload"]["source"].text(), "db1");
  EXPECT_EQ(body["payload"]["severity"].text(), "warning");
  EXPECT_EQ(body["payload"]["timestamp"].text(), "2026-03-01T11:55:00Z");
  EXPECT_EQ(body["payload"]["custom_details"]["labels"]["datname"].text(), "shop");
  EXPECT_EQ(body["payload"]["custom_details"]["value"].number(), 312);
}

TEST(PagerDuty, AResolveNeedsTheKeyOnly) {
  const Json body = body_of(resolve());
  EXPECT_EQ(body["event_action"].text(), "resolve");
  EXPECT_EQ(body["dedup_key"].text(), "pgvigil:abc");
  EXPECT_TRUE(body["payload"].is_null());
}

TEST(PagerDuty, AKeyThatIsTooLongIsShortenedTheSameWayEachTime) {
  Notification one = trigger();
  one.key = std::string(300, 'k');
  Notification other = trigger();
  other.key = std::string(300, 'k') + "2";
  EXPECT_LE(body_of(one)["dedup_key"].text().size(), 255U);
  EXPECT_EQ(body_of(one)["dedup_key"].text(), body_of(one)["dedup_key"].text());
  EXPECT_NE(body_of(one)["dedup_key"].text(), body_of(other)["dedup_key"].text());
}

TEST(PagerDuty, AStormIsOneIncident) {
  const Json body = body_of(storm(100));
  EXPECT_EQ(body["payload"]["severity"].text(), "critical");
  EXPECT_EQ(body["payload"]["summary"].text(), "50 CRITICAL, 50 WARNING on db1: rule-0, rule-1, rule-2 and 97 others");
  EXPECT_EQ(body["payload"]["custom_details"]["alerts"].array().size(), 100U);
  EXPECT_EQ(body["payload"]["custom_details"]["group"]["cluster"].text(), "main");
}

TEST(PagerDuty, ASummaryIsCutAfter1024CodePoints) {
  std::string umlauts;
  for (int i = 0; i < 2000; ++i) umlauts += "ß";
  const std::string summary = body_of(filled_with(umlauts))["payload"]["summary"].text();
  EXPECT_EQ(code_points(summary), 1024U);
}

TEST(PagerDuty, AHugeMessageStaysWithinTheLimits) {
  for (const std::string& filling : {std::string(20'000, 'y'), std::string(20'000, '\x01')}) {
    const Letter huge = letter(filled_with(filling));
    const HttpRequest request = pagerduty().render({&huge, 1});
    EXPECT_LE(request.body.size(), 512'000U);
    EXPECT_LE(Json::parse(request.body)["payload"]["summary"].text().size(), 1024U);
  }
}

TEST(PagerDuty, TheMinimalEventHasTheRequiredFieldsOnly) {
  const Json body = Json::parse(pagerduty().render_minimal(letter(trigger())).body);
  EXPECT_EQ(body["payload"].object().size(), 3U);
  EXPECT_TRUE(body["links"].is_null());
  EXPECT_TRUE(Json::parse(pagerduty().render_minimal(letter(resolve())).body)["payload"].is_null());
}

TEST(PagerDuty, ARunbookThatIsALinkBecomesOne) {
  Notification linked = trigger();
  linked.alerts.front().announcement.runbook = "https://wiki/idle";
  EXPECT_EQ(body_of(linked)["links"].array().at(0)["href"].text(), "https://wiki/idle");
  EXPECT_TRUE(body_of(trigger())["links"].is_null());
}

TEST(PagerDuty, JudgesEveryAnswerOfItsDocumentation) {
  struct Case {
    HttpResponse response;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  for (const Case& row : std::vector<Case>{{answer(202, R"({"status":"success"})"), Kind::delivered},
                                           {answer(200, "<html>"), Kind::misconfigured},
                                           {answer(400, R"({"status":"invalid event"})"), Kind::payload_refused},
                                           {answer(403), Kind::misconfigured},
                                           {answer(404), Kind::misconfigured},
                                           {answer(429), Kind::rate_limited},
                                           {answer(500), Kind::receiver_failed},
                                           {answer(503), Kind::receiver_failed}}) {
    EXPECT_EQ(pagerduty().judge(row.response).kind, row.verdict) << row.response.status;
  }
  EXPECT_EQ(pagerduty().judge(answer(429)).after, seconds(30));
  EXPECT_EQ(pagerduty().judge(answer(429, "", {{"retry-after", "90"}})).after, seconds(90));
}

}  // namespace
}  // namespace pgvigil
