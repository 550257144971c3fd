#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "alerts/level.h"
#include "alerts/lifecycle.h"
#include "alerts/selector.h"
#include "core/clock.h"

namespace pgvigil {

// What a message says of one alert.
struct AlertNews {
  std::string alert;  // its identity
  std::string rule;
  std::string instance;           // the watched server, as it was named when the alert began
  bool firing = true;             // false: it is over
  bool flapping = false;          // it comes and goes; single changes are not told until it is calm again
  Level level = Level::warning;   // of one that is over: the highest that was told
  std::optional<Level> previous;  // what the channel was told before, when that was another level
  Reason reason = Reason::condition;
  std::optional<double> value;
  std::optional<double> threshold;
  WallTime since;                 // when it began to fire
  std::optional<WallTime> ended;  // of one that is over
  Announcement announcement;      // as it was told: a resolve speaks of the same thing even when the rule has changed
};

// One message that one channel is owed: about a single alert or about a group of them. Made by routing, kept in the
// outbox until it is delivered, and the same on every attempt.
struct Notification {
  enum class Kind {
    trigger,  // something in it fires
    resolve,  // all that the channel was told under this key is over
  };
  std::string channel;
  std::string route;  // which route sent it, for people
  // The incident at the receiver: stable across attempts, restarts and reloads. Messages of one key are delivered in
  // order; a receiver that keeps state needs only the newest one.
  std::string key;
  std::uint64_t sequence = 1;  // counts the messages of this key from 1: 1 opens it
  Labels group;                // the labels that its alerts share; empty when it is about a single alert
  Kind kind = Kind::trigger;
  Level level = Level::warning;   // the highest that fires; of a resolve: the highest that was told
  bool repeat = false;            // nothing is new; the route reminds
  WallTime at;                    // when this was decided
  std::vector<AlertNews> alerts;  // at least one, the most urgent first, what fires before what is over; the whole
                                  // state of the group, not only what changed; at most max_alerts_listed
  std::size_t more_firing = 0;    // not listed
  std::size_t more_over = 0;
  // Who takes it when `channel` cannot deliver it for two minutes; tried in order.
  std::vector<std::string> fallback;

  std::string to_json() const;
  // Throws Error::invalid for what to_json() did not write.
  static Notification from_json(std::string_view text);
};

constexpr std::size_t max_alerts_listed = 100;

// What routing has to know of a channel.
struct ChannelPolicy {
  enum class Form {
    per_alert,  // an incident for each alert and level (PagerDuty, Alertmanager); a storm may still become one message
    grouped,    // messages for people (Slack, mail, webhook, pg_notify)
  };
  std::string name;    // of the lane: unique
  std::string target;  // what routes call it; several lanes may have one (the replicas of an Alertmanager)
  Form form = Form::grouped;
  Level min_level = Level::warning;
  bool level_in_key = false;                  // a change of level opens a new incident, then resolves the old one
  std::optional<milliseconds> refresh_every;  // the receiver forgets what is not told again (Alertmanager)
};

}  // namespace pgvigil
