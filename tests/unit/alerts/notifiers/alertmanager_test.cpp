#include "alerts/notifiers/alertmanager.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

AlertmanagerNotifier alertmanager() {
  return AlertmanagerNotifier({Secret("https://am:9093/prefix/"), Secret("Bearer token"), std::chrono::minutes(1)});
}

Json body_of(const std::vector<Letter>& letters) {
  return Json::parse(alertmanager().render(letters).body);
}

TEST(Alertmanager, IsToldOnTheAddressOfItsApi) {
  const HttpRequest request = alertmanager().render(std::vector{letter(trigger())});
  EXPECT_EQ(request.url.reveal(), "https://am:9093/prefix/api/v2/alerts");
  EXPECT_EQ(request.headers.back().second, "Bearer token");
}

TEST(Alertmanager, WhatFiresEndsFourMinutesFromNowUnlessItIsToldAgain) {
  Letter one = letter(trigger());
  one.now = noon + std::chrono::minutes(10);
  const Json body = body_of({one});
  const Json& alert = body.array().at(0);
  EXPECT_EQ(alert["labels"]["alertname"].text(), "idle-in-transaction");
  EXPECT_EQ(alert["labels"]["severity"].text(), "warning");
  EXPECT_EQ(alert["labels"]["instance"].text(), "db1");
  EXPECT_EQ(alert["labels"]["datname"].text(), "shop");
  EXPECT_EQ(alert["annotations"]["summary"].text(), "shop: idle for 5m12s");
  EXPECT_EQ(alert["startsAt"].text(), "2026-03-01T11:55:00Z");
  EXPECT_EQ(alert["endsAt"].text(), "2026-03-01T12:14:00Z");
  EXPECT_EQ(alertmanager().traits().refresh_every, std::chrono::minutes(1));
}

TEST(Alertmanager, WhatIsOverEndsWhenItEnded) {
  Letter late = letter(resolve());
  late.now = noon + std::chrono::hours(3);
  EXPECT_EQ(body_of({late}).array().at(0)["endsAt"].text(), "2026-03-01T12:02:00Z");
}

TEST(Alertmanager, SeveralLettersAreOneRequest) {
  EXPECT_EQ(body_of({letter(trigger()), letter(resolve()), letter(storm(5))}).array().size(), 7U);
}

TEST(Alertmanager, ALabelOfTheDatabaseCannotReplaceTheNameAndHasANameThatIsAllowed) {
  Notification hostile = trigger();
  hostile.alerts.front().announcement.labels = {
      {"alertname", "other"}, {"severity", "none"}, {"9 lives-ä", "cat"}, {"empty", ""}};
  const Json body = body_of({letter(hostile)});
  const Json& labels = body.array().at(0)["labels"];
  EXPECT_EQ(labels["alertname"].text(), "idle-in-transaction");
  EXPECT_EQ(labels["severity"].text(), "warning");
  EXPECT_EQ(labels["__lives___"].text(), "cat");
  EXPECT_EQ(labels.object().size(), 4U);
}

TEST(Alertmanager, JudgesEveryAnswerOfItsDocumentation) {
  struct Case {
    long status;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  for (const Case& row : std::vector<Case>{{200, Kind::delivered},
                                           {400, Kind::payload_refused},
                                           {401, Kind::misconfigured},
                                           {404, Kind::misconfigured},
                                           {429, Kind::rate_limited},
                                           {500, Kind::receiver_failed},
                                           {503, Kind::receiver_failed}}) {
    EXPECT_EQ(alertmanager().judge(answer(row.status)).kind, row.verdict) << row.status;
  }
}

}  // namespace
}  // namespace pgvigil
