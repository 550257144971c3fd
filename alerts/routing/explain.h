#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerts/alert_store.h"
#include "alerts/notification.h"
#include "alerts/routing/routing_options.h"
#include "alerts/routing/silence_store.h"
#include "alerts/routing/suppression.h"
#include "core/clock.h"
#include "core/json.h"

namespace pgvigil {

// Who would be told of an alert with these labels, and why or why not. Asked by people; the agent decides by the same
// functions.
struct RoutingExplanation {
  struct Line {
    std::string channel;
    std::string route;
    std::vector<std::string> fallback;
    std::string group;     // the labels by which it shares messages, or "alone"
    milliseconds wait{0};  // before the first message of its group
    milliseconds repeat{0};
    std::string not_told;  // why, for this channel alone; empty when it is
  };
  std::vector<std::string> routes;  // that take it, with their matchers
  std::optional<Suppression> suppressed;
  std::vector<Line> lines;
};

// `labels`: at least rule and severity, of which a missing one is taken for "" and warning. `alerts`: what fires now
// and may inhibit it.
RoutingExplanation explain_routing(const Labels& labels, const RoutingOptions& options,
                                   const std::vector<ChannelPolicy>& channels, const Alerts& alerts,
                                   const Wishes& wishes, WallTime now);

std::string in_words(const RoutingExplanation& explanation);
Json to_json(const RoutingExplanation& explanation);

}  // namespace pgvigil
