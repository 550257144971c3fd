#include "alerts/routing/suppression.h"

#include <fmt/format.h>

namespace pgvigil {

std::string joined_values(const RoutingLabels& labels, const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) {
    const std::string_view value = labels[name];
    result += fmt::format("{}:{}", value.size(), value);
  }
  return result;
}

Suppressions::Suppressions(const RoutingOptions& options, const Wishes& wishes, const std::vector<FiringAlert>& firing,
                           WallTime now)
    : options_(options), wishes_(wishes), now_(now) {
  for (const Inhibition& inhibition : options.inhibitions) {
    auto& sources = sources_.emplace_back();
    for (const FiringAlert& alert : firing) {
      // One that is also a target would otherwise silence itself.
      if (inhibition.source.accept(alert.labels) && !inhibition.target.accept(alert.labels))
        sources.insert(joined_values(alert.labels, inhibition.equal));
    }
  }
}

std::optional<Suppression> Suppressions::of(const RoutingLabels& labels) const {
  for (const Silence& silence : wishes_.silences) {
    if (silence.match.accept(labels))
      return Suppression{Suppression::Kind::silenced,
                         fmt::format("silence {} of {}: {}", silence.id, silence.author, silence.reason)};
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Inhibition& inhibition = options_.inhibitions[i];
    if (!sources_[i].empty() && inhibition.target.accept(labels) &&
        sources_[i].contains(joined_values(labels, inhibition.equal)))
      return Suppression{Suppression::Kind::inhibited, inhibition.source.text()};
  }
  return std::nullopt;
}

std::optional<Suppression> Suppressions::of(const FiringAlert& alert) const {
  const auto found = wishes_.acknowledgements.find(alert.alert->id);
  if (found != wishes_.acknowledgements.end() && found->second.covers(alert.level, now_))
    return Suppression{Suppression::Kind::acknowledged,
                       fmt::format("{}: {}", found->second.author, found->second.reason)};
  return of(alert.labels);
}

}  // namespace pgvigil
