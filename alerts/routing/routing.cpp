#include "alerts/routing/routing.h"

#include <utility>

#include "alerts/routing/destinations.h"
#include "alerts/routing/lane_routing.h"
#include "alerts/routing/suppression.h"

namespace pgvigil {

namespace {

FiringAlerts find_firing(const RoutingInput& input) {
  FiringAlerts result;
  for (const auto& [id, alert] : input.alerts) {
    if (const auto level = alert.state.firing()) result.all.push_back({&alert, *level, RoutingLabels(alert, *level)});
  }
  for (const FiringAlert& alert : result.all) result.by_id.emplace(alert.alert->id, &alert);
  for (const LevelChange& change : input.level_changes) result.reasons.emplace(change.alert, change.reason);
  return result;
}

// One for each channel that is configured, or that was told something.
std::map<std::string, LaneRouting> make_lanes(const RoutingInput& input, const FiringAlerts& firing) {
  std::map<std::string, LaneRouting> lanes;
  for (const ChannelPolicy& policy : input.channels) {
    lanes.emplace(policy.name, LaneRouting(input, firing, policy.name, &policy));
  }
  for (const auto& entry : input.state.incidents) {
    const std::string& channel = entry.first.first;
    if (!lanes.contains(channel)) lanes.emplace(channel, LaneRouting(input, firing, channel, nullptr));
  }
  return lanes;
}

}  // namespace

RoutingChanges route(const RoutingInput& input) {
  const FiringAlerts firing = find_firing(input);
  const Suppressions suppressions(input.options, input.wishes, firing.all, input.wall_now);
  const Destinations destinations(input.options, input.channels, input.wall_now);
  std::map<std::string, LaneRouting> lanes = make_lanes(input, firing);
  for (const FiringAlert& alert : firing.all) {
    const bool suppressed = suppressions.of(alert).has_value();
    for (const Destination& to : destinations.of(alert.labels, alert.level)) {
      if (!to.below_min_level) lanes.at(to.channel->name).want(alert, *to.route, to.open() && !suppressed);
    }
  }
  RoutingChanges changes;
  WaitingGroups waiting;
  if (input.hold) waiting = input.state.waiting;
  for (auto& entry : lanes) entry.second.run(changes, waiting);
  if (waiting != input.state.waiting) changes.waiting = std::move(waiting);
  return changes;
}

void apply(RoutingChanges& changes, RoutingState& state) {
  for (IncidentChange& change : changes.saved) {
    IncidentId id{change.incident.channel, change.incident.key};
    state.incidents.insert_or_assign(std::move(id), std::move(change.incident));
  }
  for (const IncidentId& id : changes.removed) state.incidents.erase(id);
  if (changes.waiting) state.waiting = std::move(*changes.waiting);
}

}  // namespace pgvigil
