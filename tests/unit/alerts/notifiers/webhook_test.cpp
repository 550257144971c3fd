#include "alerts/notifiers/webhook.h"

#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

WebhookNotifier webhook(std::vector<Secret> secrets = {}) {
  return WebhookNotifier({"hook", Secret("https://example.org/hook"), {}, std::move(secrets)});
}
Json body_of(const Letter& one) {
  return Json::parse(webhook().render({&one, 1}).body);
}
std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return "";
}

TEST(Webhook, HasTheBodyOfAlertmanagersVersion4) {
  const Json body = body_of(letter(trigger()));
  EXPECT_EQ(body["version"].text(), "4");
  EXPECT_EQ(body["groupKey"].text(), "pgvigil:abc");
  EXPECT_EQ(body["truncatedAlerts"].integer(), 0);
  EXPECT_EQ(body["status"].text(), "firing");
  EXPECT_EQ(body["receiver"].text(), "hook");
  EXPECT_EQ(body["commonLabels"]["alertname"].text(), "idle-in-transaction");
  EXPECT_EQ(body["commonAnnotations"]["summary"].text(), "shop: idle for 5m12s");
  const Json& alert = body["alerts"].array().at(0);
  EXPECT_EQ(alert["status"].text(), "firing");
  EXPECT_EQ(alert["startsAt"].text(), "2026-03-01T11:55:00Z");
  EXPECT_EQ(alert["endsAt"].text(), "0001-01-01T00:00:00Z");
  EXPECT_EQ(alert["fingerprint"].text().size(), 16U);
  EXPECT_EQ(body["pgvigil"]["value"].number(), 312);
  EXPECT_EQ(body["pgvigil"]["threshold"].number(), 300);
  EXPECT_EQ(body["pgvigil"]["seq"].integer(), 1);
}

TEST(Webhook, OfAGroupTellsWhatItsAlertsHaveInCommon) {
  Notification many = storm(100);
  many.more_firing = 7;
  const Json body = body_of(letter(many));
  EXPECT_EQ(body["alerts"].array().size(), 100U);
  EXPECT_EQ(body["truncatedAlerts"].integer(), 7);
  EXPECT_EQ(body["groupLabels"]["cluster"].text(), "main");
  EXPECT_EQ(body["commonLabels"]["instance"].text(), "db1");
  EXPECT_TRUE(body["commonLabels"]["alertname"].is_null());
}

TEST(Webhook, AResolveHasTheTimeOfItsEnd) {
  const Json body = body_of(letter(resolve()));
  EXPECT_EQ(body["status"].text(), "resolved");
  EXPECT_EQ(body["alerts"].array().at(0)["endsAt"].text(), "2026-03-01T12:02:00Z");
}

// The example of https://github.com/standard-webhooks/standard-webhooks, in all of its libraries' tests.
TEST(Webhook, SignsAsStandardWebhooksDoes) {
  EXPECT_EQ(webhook_signature(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                              "1614265330", R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, EverySecretSignsSoThatTheyCanBeExchanged) {
  const Letter one = letter(trigger());
  const HttpRequest request = webhook({Secret("new"), Secret("old")}).render({&one, 1});
  const auto signatures = split(header(request, "webhook-signature"), ' ');
  ASSERT_EQ(signatures.size(), 2U);
  EXPECT_EQ(header(request, "webhook-timestamp"), "1772366400");
  EXPECT_EQ(header(request, "webhook-id"), one.id);
  EXPECT_EQ(signatures[1], webhook_signature(Secret("old"), one.id, "1772366400", request.body));
}

TEST(Webhook, TheIdIsTheSameOnEveryAttemptAndOtherForEveryMessage) {
  EXPECT_EQ(letter_id(trigger()), letter_id(Notification::from_json(trigger().to_json())));
  EXPECT_NE(letter_id(trigger()), letter_id(resolve()));
}

TEST(Webhook, WithoutASecretThereIsNoSignature) {
  const Letter one = letter(trigger());
  EXPECT_EQ(header(webhook().render({&one, 1}), "webhook-signature"), "");
}

TEST(Webhook, JudgesAnswersByTheirStatus) {
  struct Case {
    long status;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  for (const Case& row : std::vector<Case>{{200, Kind::delivered},
                                           {204, Kind::delivered},
                                           {301, Kind::misconfigured},
                                           {400, Kind::payload_refused},
                                           {401, Kind::misconfigured},
                                           {404, Kind::misconfigured},
                                           {413, Kind::payload_refused},
                                           {429, Kind::rate_limited},
                                           {500, Kind::receiver_failed}}) {
    EXPECT_EQ(webhook().judge(answer(row.status)).kind, row.verdict) << row.status;
  }
}

}  // namespace
}  // namespace pgvigil
