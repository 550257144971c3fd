#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "alerts/level.h"
#include "core/clock.h"

namespace pgvigil {

// One message that one channel is owed. Made when an alert changes, kept in the outbox until it is delivered, and the
// same on every attempt.
struct Notification {
  enum class Kind { trigger, resolve };
  std::string channel;
  std::string alert;  // the alert's identity: messages of one alert keep their order
  std::string rule;
  std::string instance;
  Kind kind = Kind::trigger;
  Level level = Level::warning;   // of a resolve: the level that is over
  std::optional<Level> previous;  // of a trigger that changes the level of an open alert
  Reason reason = Reason::condition;
  std::optional<double> value;
  WallTime since;  // when the alert began to fire
  WallTime at;     // when this was decided
  Announcement announcement;

  std::string to_json() const;
  // Throws Error::invalid for what to_json() did not write.
  static Notification from_json(std::string_view text);
};

// The name of an incident at the receiver: one for each alert of each server and each level, so that an acknowledged
// warning does not swallow the critical alert that follows it.
std::string incident_key(const Notification& notification);

// What a channel must hear next.
struct Message {
  Notification::Kind kind = Notification::Kind::trigger;
  Level level = Level::warning;
  std::optional<Level> previous;
  bool operator==(const Message&) const = default;
};

// The messages after which a channel that was told `told` (nothing, or the level of an open alert) knows `wanted`. With
// `incident_per_level` a change of level opens the new incident before it resolves the old one.
std::vector<Message> messages_due(std::optional<Level> told, std::optional<Level> wanted, bool incident_per_level);

}  // namespace pgvigil
