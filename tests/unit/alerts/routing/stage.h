#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "alerts/routing/routing.h"
#include "core/text.h"
#include "tests/support/fake_clock.h"

// Shared by the tests of routing: alerts that a test fires and ends by hand, and what channels are told of them.
namespace pgvigil {

inline ChannelPolicy grouped_channel(const std::string& name, Level min_level = Level::warning) {
  return {name, name, ChannelPolicy::Form::grouped, min_level, false, {}};
}
inline ChannelPolicy pager_channel(const std::string& name, Level min_level = Level::warning) {
  return {name, name, ChannelPolicy::Form::per_alert, min_level, true, {}};
}

inline RoutingOptions make_routing(const std::string& yaml, const std::vector<ChannelPolicy>& channels) {
  Problems problems;
  auto section = Section::parse(yaml, "routing.yaml", problems);
  std::vector<std::string> names;
  for (const ChannelPolicy& channel : channels) names.push_back(channel.target);
  RoutingOptions options = section ? decode_routing(*section, names) : RoutingOptions();
  if (section) section->finish();
  for (const std::string& line : problems.lines()) ADD_FAILURE() << line;
  return options;
}

inline Matchers make_matchers(const std::string& text) {
  std::string why;
  auto matchers = Matchers::parse(text, why);
  EXPECT_TRUE(matchers.has_value()) << why;
  return matchers.value_or(Matchers());
}

inline void set_level(Alert& alert, std::optional<Level> level) {
  for (const Level each : all_levels) alert.state.levels[index_of(each)].active = level && each <= *level;
}

// A message in one line: "chat trigger 2: disk/a critical, disk/b over".
inline std::string in_words(const Notification& message) {
  const bool resolve = message.kind == Notification::Kind::resolve;
  std::vector<std::string> alerts;
  for (const AlertNews& news : message.alerts) {
    std::string words = news.alert + " " + (news.firing ? std::string(to_string(news.level)) : "over");
    if (news.previous) words += fmt::format(" (was {})", to_string(*news.previous));
    if (news.flapping) words += " flapping";
    alerts.push_back(words);
  }
  return fmt::format("{} {} {}: {}", message.channel, resolve ? "resolve" : (message.repeat ? "repeat" : "trigger"),
                     message.sequence, join(alerts, ", "));
}

class RoutingStage {
 public:
  explicit RoutingStage(const std::string& yaml = "", std::vector<ChannelPolicy> policies = {grouped_channel("chat")})
      : channels(std::move(policies)) {
    configure(yaml);
  }

  void configure(const std::string& yaml) { options = make_routing(yaml, channels); }

  // "disk/a": the rule disk about the subject {name="a"}.
  Alert& fire(const std::string& id, Level level = Level::warning, const Labels& labels = {}) {
    Alert& alert = alerts[id];
    const std::optional<Level> before = alert.state.firing();
    if (!before) {
      const auto parts = split(id, '/');
      alert.id = id;
      alert.rule = parts.front();
      alert.subject = {{"name", parts.back()}};
      alert.instance = "db1";
      alert.since = clock.wall_now();
    }
    alert.announcement.labels = alert.subject;
    alert.announcement.labels.insert(labels.begin(), labels.end());
    alert.announcement.summary = id;
    set_level(alert, level);
    changes.push_back({id, alert.rule, id, before, level, Reason::condition, {}, id});
    return alert;
  }

  void end(const std::string& id, Reason reason = Reason::condition) {
    const Alert& alert = alerts.at(id);
    changes.push_back({id, alert.rule, id, alert.state.firing(), std::nullopt, reason, {}, id});
    alerts.erase(id);
  }

  // Only the ids as they fire in the order of the list, all at once.
  void fire_many(const std::string& rule, int count, Level level = Level::warning) {
    for (int i = 0; i < count; ++i) fire(fmt::format("{}/{:04}", rule, i), level);
  }

  std::vector<Notification> messages(milliseconds passed = seconds(10)) {
    RoutingChanges result =
        route({options, channels, alerts, changes, state, wishes, clock.steady_now(), clock.wall_now(), hold});
    changes.clear();
    if (stored) stored(result);
    apply(result, state);
    clock.advance(passed);
    return result.notifications;
  }

  // One evaluation, and then time passes.
  std::vector<std::string> step(milliseconds passed = seconds(10)) {
    std::vector<std::string> result;
    for (const Notification& message : messages(passed)) result.push_back(in_words(message));
    return result;
  }

  void silence(const std::string& match, milliseconds duration) {
    Silence silence;
    silence.match = make_matchers(match);
    silence.ends = clock.wall_now() + duration;
    wishes.silences = {silence};
  }

  // Those that are over are no longer wishes.
  void forget_ended_silences() {
    std::erase_if(wishes.silences, [&](const Silence& silence) { return !silence.active(clock.wall_now()); });
  }

  std::vector<ChannelPolicy> channels;
  RoutingOptions options;
  Alerts alerts;
  std::vector<LevelChange> changes;
  RoutingState state;
  Wishes wishes;
  FakeClock clock;
  bool hold = false;
  std::function<void(const RoutingChanges&)> stored;  // called with what every evaluation changed
};

}  // namespace pgvigil
