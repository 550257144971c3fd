#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/routing/matchers.h"
#include "alerts/routing/routing_options.h"
#include "alerts/routing/silence_store.h"

namespace pgvigil {

// An alert that fires, as routing looks at it.
struct FiringAlert {
  const Alert* alert;
  Level level;
  RoutingLabels labels;
};

// Why nobody is told of an alert for now, whatever the channel.
struct Suppression {
  enum class Kind { silenced, acknowledged, inhibited };
  Kind kind = Kind::silenced;
  std::string by;  // for people: the silence's number, the acknowledgement's author, the matchers of the inhibition
};

// Answers for all alerts of one evaluation. A view: its arguments must outlive it.
class Suppressions {
 public:
  Suppressions(const RoutingOptions& options, const Wishes& wishes, const std::vector<FiringAlert>& firing,
               WallTime now);

  std::optional<Suppression> of(const FiringAlert& alert) const;

  // The same for an alert that does not exist: nobody can have acknowledged it.
  std::optional<Suppression> of(const RoutingLabels& labels) const;

 private:
  const RoutingOptions& options_;
  const Wishes& wishes_;
  WallTime now_;
  std::vector<std::set<std::string>> sources_;  // of each inhibition: what its sources have in the labels of `equal`
};

// Values that tell alerts apart by these labels: equal only when every single one is.
std::string joined_values(const RoutingLabels& labels, const std::vector<std::string>& names);

}  // namespace pgvigil
