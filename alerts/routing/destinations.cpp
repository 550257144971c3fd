#include "alerts/routing/destinations.h"

#include <algorithm>

namespace pgvigil {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The better of two ways to one channel comes first.
void add(std::vector<Destination>& result, Destination found) {
  const auto same = [&](const Destination& other) { return other.channel == found.channel; };
  const auto known = std::find_if(result.begin(), result.end(), same);
  if (known == result.end()) {
    result.push_back(std::move(found));
  } else if (!known->open() && found.open()) {
    *known = std::move(found);
  }
}

}  // namespace

Destinations::Destinations(const RoutingOptions& options, const std::vector<ChannelPolicy>& channels, WallTime now)
    : options_(options), channels_(channels) {
  for (const MuteTime& time : options.mute_times) {
    if (time.active(now)) muted_.push_back(time.name);
  }
}

std::vector<const Route*> Destinations::routes_of(const RoutingLabels& labels) const {
  std::vector<const Route*> result;
  for (const Route& route : options_.routes) {
    if (!route.match.accept(labels)) continue;
    result.push_back(&route);
    if (!route.proceed) break;
  }
  if (result.empty()) result.push_back(&options_.unmatched);
  return result;
}

std::string Destinations::mute_of(const Route& route) const {
  const auto on = std::find_if(route.mute.begin(), route.mute.end(),
                               [this](const std::string& name) { return contains(muted_, name); });
  return on == route.mute.end() ? std::string() : *on;
}

std::vector<Destination> Destinations::of_alert_about_channel(std::string_view channel, Level level) const {
  std::vector<Destination> others;
  std::vector<Destination> itself;
  for (const ChannelPolicy& policy : channels_) {
    const bool about_it = policy.name == channel || policy.target == channel;
    if (level >= policy.min_level) (about_it ? itself : others).push_back({&policy, &options_.unmatched, false, {}});
  }
  return others.empty() ? itself : others;
}

std::vector<Destination> Destinations::of(const RoutingLabels& labels, Level level) const {
  if (const std::string_view channel = labels["channel"]; !channel.empty()) {
    const auto named = [&](const ChannelPolicy& policy) { return policy.name == channel || policy.target == channel; };
    if (std::any_of(channels_.begin(), channels_.end(), named)) return of_alert_about_channel(channel, level);
  }
  std::vector<Destination> result;
  for (const Route* route : routes_of(labels)) {
    for (const ChannelPolicy& policy : channels_) {
      if (route == &options_.unmatched || contains(route->to, policy.target))
        add(result, {&policy, route, level < policy.min_level, mute_of(*route)});
    }
  }
  return result;
}

}  // namespace pgvigil
