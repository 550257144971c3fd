#include "alerts/channel_trial.h"

#include <fmt/format.h>

namespace pgvigil {

namespace {

constexpr milliseconds exchange_timeout{15'000};

Notification test_message(const ChannelOptions& lane, const std::string& instance, WallTime now) {
  AlertNews news;
  news.rule = "notify-test";
  news.instance = instance;
  news.since = now;
  news.level = lane.min_level;
  news.announcement = {"test", {}, "a test of this channel, nothing is wrong", "Somebody ran pgvigil notify test.", ""};
  Notification message;
  message.channel = lane.name;
  message.route = "test";
  // A key of its own for each run: a receiver that keeps state would add to an incident that is open still.
  message.key = fmt::format("pgvigil:test:{}:{}", instance, now.time_since_epoch().count());
  news.alert = message.key;
  message.level = news.level;
  message.at = now;
  message.alerts.push_back(std::move(news));
  return message;
}

void turn_to_resolve(Notification& message, WallTime now) {
  message.kind = Notification::Kind::resolve;
  message.sequence = 2;
  message.at = now;
  message.alerts.front().firing = false;
  message.alerts.front().ended = now;
}

}  // namespace

std::vector<TrialResult> try_channel(const ChannelOptions& lane, const std::string& instance, HttpClient& http,
                                     const PgOptions& target, const Clock& clock) {
  std::vector<TrialResult> results;
  std::string remembered;
  Notification message = test_message(lane, instance, clock.wall_now());
  const auto send = [&](std::string what) {
    const Letter letter{letter_id(message), message, false, remembered, clock.wall_now()};
    const SteadyTime started = clock.steady_now();
    Verdict verdict = lane.notifier->deliver({&letter, 1}, {http, target, exchange_timeout, {}});
    remembered = verdict.remember.value_or(remembered);
    const auto duration = std::chrono::duration_cast<milliseconds>(clock.steady_now() - started);
    results.push_back({lane.name, std::move(what), std::move(verdict), duration});
  };
  send("trigger");
  turn_to_resolve(message, clock.wall_now());
  send("resolve");
  return results;
}

}  // namespace pgvigil
