#pragma once

#include <optional>
#include <vector>

#include "alerts/alert_store.h"
#include "alerts/notification.h"
#include "alerts/routing/incident.h"
#include "alerts/routing/incident_draft.h"
#include "alerts/routing/routing_options.h"
#include "alerts/routing/silence_store.h"
#include "core/clock.h"

namespace pgvigil {

struct RoutingInput {
  const RoutingOptions& options;
  const std::vector<ChannelPolicy>& channels;
  const Alerts& alerts;                           // as this evaluation left them
  const std::vector<LevelChange>& level_changes;  // of this evaluation: why an alert is over
  const RoutingState& state;                      // as the last routing left it
  const Wishes& wishes;
  SteadyTime now;
  WallTime wall_now;
  bool hold = false;  // nobody is told of what no channel knows yet
};

struct RoutingChanges {
  std::vector<IncidentChange> saved;
  std::vector<IncidentId> removed;
  std::optional<WaitingGroups> waiting;  // all of them, when they have changed
  std::vector<Notification> notifications;
  std::optional<SteadyTime> next;  // when a group has waited long enough

  bool empty() const { return saved.empty() && removed.empty() && !waiting && notifications.empty(); }
};

// Better news of a part of a group waits this long after a message, for more of the same: when a storm is over one
// message says so, not a thousand. What is worse, new, or the end of the incident is told at once.
constexpr milliseconds good_news_pace = std::chrono::minutes(1);

// Who is told what now. A function of its input. For every channel:
// - An alert that fires is told once, to the channels that its routes name. Alerts of a group share an incident on
//   channels of the form `grouped`; on others each has its own, unless there are too many at once.
// - An alert that ends before the first message of its group went is not told at all.
// - Silences, mute times, inhibition, acknowledgements and other routes keep back what was not told yet and reminders,
//   until they end. They never keep back that something is over: an incident ends when nothing in it fires.
// - An alert that falls to a level at which no route names the channel is over for it.
RoutingChanges route(const RoutingInput& input);

// The state after the changes, which were stored.
void apply(RoutingChanges& changes, RoutingState& state);

}  // namespace pgvigil
