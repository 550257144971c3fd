#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "alerts/level.h"
#include "alerts/notification.h"
#include "alerts/selector.h"
#include "core/clock.h"

namespace pgvigil {

// What a channel was told under one key, from the first message until all of it is over and a resolve was sent. An
// alert that a channel was told of stays in the incident in which it was told, whatever becomes of the routes: nothing
// is told twice, and every incident ends.
struct Incident {
  struct Member {
    AlertNews news;                  // `previous`: what the last message said, when that was another level
    Level highest = Level::warning;  // that was told
    bool unsaid = false;             // no message has said it yet
  };
  std::string channel;
  std::string key;             // the incident's name at the receiver
  std::string group_key;       // of the group to which its alerts belong
  std::string route;           // that sent the last message
  Labels group;                // empty when it is about a single alert
  std::optional<Level> level;  // when the key stands for a level: an alert at another one has an incident of its own
  Level highest = Level::warning;  // that was told
  std::uint64_t sequence = 0;      // of the last message
  WallTime last_sent;
  SteadyTime spoken_at;  // the same moment; a jump of the wall clock makes no reminder due
  std::vector<std::string> fallback;
  std::map<std::string, Member, std::less<>> members;  // by alert: those that fire, and of the others the last ones
  std::size_t forgotten = 0;                           // over and no longer among the members

  bool over() const;  // nothing in it fires
  bool unsaid() const;
};

// Channel and key.
using IncidentId = std::pair<std::string, std::string>;

// A group of which nobody was told yet: its first message waits for more.
struct WaitingGroup {
  WallTime since;
  SteadyTime began;  // the same moment
  bool operator==(const WaitingGroup&) const = default;
};
using WaitingGroups = std::map<IncidentId, WaitingGroup>;  // by channel and group key

// All that routing remembers. Kept in RoutingStore.
struct RoutingState {
  std::map<IncidentId, Incident> incidents;
  WaitingGroups waiting;
};

// The keys under which receivers know incidents, and groups are told apart. They depend on nothing that a changed
// configuration of routes changes, except what the alerts are grouped by.
std::string alert_key(const std::string& instance, const std::string& alert, std::optional<Level> level);
std::string group_key(const std::string& instance, const std::string& target, const Labels& group);
std::string digest_key(const std::string& group_key, std::optional<Level> level);

}  // namespace pgvigil
