#pragma once

#include <string>
#include <vector>

#include "alerts/level.h"
#include "alerts/notification.h"
#include "alerts/routing/matchers.h"
#include "alerts/routing/routing_options.h"
#include "core/clock.h"

namespace pgvigil {

// One channel that a route sends an alert to, and why it may not be told all the same.
struct Destination {
  const ChannelPolicy* channel;
  const Route* route;
  bool below_min_level = false;
  std::string muted_by;  // the name of a mute time; empty when none is on

  bool open() const { return !below_min_level && muted_by.empty(); }
};

// Which routes take which alerts, and to which channels, at one moment. A view: its arguments must outlive it.
class Destinations {
 public:
  Destinations(const RoutingOptions& options, const std::vector<ChannelPolicy>& channels, WallTime now);

  // Each channel once: for the first route that tells it now, or else the first that would. An alert about a channel
  // (its label `channel` names one) goes to all others instead, and to that one only when there is no other.
  std::vector<Destination> of(const RoutingLabels& labels, Level level) const;

  // The routes that take it, in their order.
  std::vector<const Route*> routes_of(const RoutingLabels& labels) const;

 private:
  std::vector<Destination> of_alert_about_channel(std::string_view channel, Level level) const;
  std::string mute_of(const Route& route) const;

  const RoutingOptions& options_;
  const std::vector<ChannelPolicy>& channels_;
  std::vector<std::string> muted_;  // names of the mute times that are on
};

}  // namespace pgvigil
