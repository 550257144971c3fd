#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "alerts/routing/matchers.h"
#include "alerts/routing/mute_time.h"
#include "core/clock.h"
#include "core/yaml_section.h"

namespace pgvigil {

// Which alerts go to one group of a channel's messages: those that have the same value in each of these labels.
struct GroupBy {
  std::vector<std::string> labels{"rule"};
  bool each_alone = false;  // written [...]: no alert shares a message with another
};

// What becomes of the alerts that its matchers accept. The first route that accepts an alert takes it, and the next
// ones only see it when `proceed` is set.
struct Route {
  std::string name;  // "route 2", by its place; for people
  Matchers match;
  std::vector<std::string> to;        // channels; empty: nobody is told
  std::vector<std::string> fallback;  // who takes the message when a channel cannot deliver it
  GroupBy group_by;
  milliseconds wait{0};                         // how long the first message of a group waits for more alerts
  milliseconds repeat = std::chrono::hours(4);  // reminds while something fires; zero never
  std::vector<std::string> mute;                // names of mute times in which nothing new is told
  bool proceed = false;
};

// While an alert that `source` accepts fires, those that `target` accepts and that have the same value in each label of
// `equal` are not told. An alert that both accept is not its own source.
struct Inhibition {
  Matchers source;
  Matchers target;
  std::vector<std::string> equal;
};

constexpr milliseconds longest_group_wait = std::chrono::minutes(30);

// The sections routes, group, mute_times and inhibit of alerts.
struct RoutingOptions {
  std::vector<Route> routes;
  // Takes what no route accepts, so that nothing is lost by an oversight: to all channels there are, whatever `to`
  // says.
  Route unmatched{"default", {}, {}, {}, {}, {}, std::chrono::hours(4), {}, false};
  std::vector<MuteTime> mute_times;
  std::vector<Inhibition> inhibitions;
  std::size_t digest_after = 20;  // more new alerts of a group at once become one message, on every channel
};

// `channels`: the names that routes may use. What is wrong is reported through the section.
RoutingOptions decode_routing(Section& alerts, const std::vector<std::string>& channels);

}  // namespace pgvigil
