#include "alerts/notifiers/pg_notify.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

TEST(PgNotify, ThePayloadHasWhatListenersKnowAndMore) {
  const Json payload = Json::parse(pg_notify_payload(letter(trigger())));
  EXPECT_EQ(payload["alert_name"].text(), "idle-in-transaction");
  EXPECT_EQ(payload["level"].text(), "warning");
  EXPECT_EQ(payload["metric_value"].number(), 312);
  EXPECT_EQ(payload["threshold"].number(), 300);
  EXPECT_EQ(payload["timestamp"].text(), "2026-03-01T12:00:00Z");
  EXPECT_EQ(payload["status"].text(), "firing");
  EXPECT_EQ(payload["summary"].text(), "shop: idle for 5m12s");
  EXPECT_EQ(Json::parse(pg_notify_payload(letter(resolve())))["status"].text(), "resolved");
}

TEST(PgNotify, OfAGroupItTellsHowManyThereAre) {
  const Json payload = Json::parse(pg_notify_payload(letter(storm(100))));
  EXPECT_EQ(payload["alerts"].integer(), 100);
  EXPECT_EQ(payload["level"].text(), "critical");
}

TEST(PgNotify, ThePayloadIsAlwaysShorterThan8000Bytes) {
  for (const std::string& filling : {std::string(20'000, 'x'), std::string(20'000, '\x01'), std::string(20'000, '"')}) {
    Notification huge = filled_with(filling);
    huge.alerts.front().rule = filling;
    const std::string payload = pg_notify_payload(letter(huge));
    EXPECT_LT(payload.size(), 8000U);
    EXPECT_EQ(Json::parse(payload)["level"].text(), "warning");
  }
}

}  // namespace
}  // namespace pgvigil
