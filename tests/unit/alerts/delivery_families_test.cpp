#include "alerts/delivery_families.h"

#include <gtest/gtest.h>

#include "alerts/channel.h"
#include "alerts/channel_trial.h"
#include "alerts/notifiers/slack_bot.h"
#include "core/json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

NotifierPtr bot() {
  return std::make_shared<SlackBotNotifier>(SlackBotOptions{Secret("x"), "C1", "https://slack.com/api"});
}

TEST(DeliveryFamilies, EverySeriesIsThereFromTheStart) {
  TempDir folder;
  LocalStore store(folder / "state.db");
  Outbox outbox(store);
  ScriptedClient client;
  const PgOptions target;
  const FakeClock clock;
  const Channel channel({"c", "c", "slack", Level::warning, Scheme::https_only, "", bot()},
                        {outbox, client, target, clock, {}});
  std::map<std::string, std::size_t> series;
  for (const Family& family : delivery_families({channel.status()}, outbox.evicted())) {
    series[family.name] = family.samples.size();
    for (const SeriesView sample : family.samples) EXPECT_EQ(sample.value, 0) << family.name;
  }
  EXPECT_EQ(series, (std::map<std::string, std::size_t>{{"pgvigil_notifications_total", 4},
                                                        {"pgvigil_notifications_failed_total", 5},
                                                        {"pgvigil_notifications_pending", 1},
                                                        {"pgvigil_notifications_oldest_pending_seconds", 1},
                                                        {"pgvigil_notifications_breaker_state", 1},
                                                        {"pgvigil_notifications_dead_total", 1},
                                                        {"pgvigil_notifications_evicted_total", 4}}));
}

TEST(ChannelTrials, SendATriggerAndItsResolveOfTheSameKey) {
  ScriptedClient client;
  client.usual = HttpResponse{200, {}, R"({"ok":true,"channel":"C1","ts":"1.2"})"};
  const FakeClock clock;
  const auto results = try_channel({"c", "c", "slack", Level::warning, Scheme::https_only, "", bot()}, "db1", client,
                                   PgOptions(), clock);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(results[0].verdict.delivered() && results[1].verdict.delivered());
  EXPECT_EQ(results[1].what, "resolve");
  ASSERT_EQ(client.requests.size(), 3U);
  EXPECT_EQ(Json::parse(client.requests[1].body)["ts"].text(), "1.2") << "the resolve changes the trigger's message";
}

TEST(ChannelTrials, SendTheResolveEvenWhenTheTriggerFailed) {
  ScriptedClient client;
  client.usual.reset();
  const FakeClock clock;
  const auto results = try_channel({"c", "c", "slack", Level::warning, Scheme::https_only, "", bot()}, "db1", client,
                                   PgOptions(), clock);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].verdict.kind, Verdict::Kind::unreachable);
}

}  // namespace
}  // namespace pgvigil
