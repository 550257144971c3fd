#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "alerts/routing/destinations.h"
#include "alerts/routing/routing.h"
#include "alerts/routing/suppression.h"

namespace pgvigil {

// The alerts that fire and why others no longer do, for the look at every channel.
struct FiringAlerts {
  std::vector<FiringAlert> all;
  std::unordered_map<std::string_view, const FiringAlert*> by_id;
  std::unordered_map<std::string_view, Reason> reasons;  // of this evaluation's changes
};

// What one channel is told at one evaluation. Lives as long as that.
class LaneRouting {
 public:
  // `policy` is null for a channel that is no longer configured: what it was told still has to end.
  LaneRouting(const RoutingInput& input, const FiringAlerts& firing, std::string channel, const ChannelPolicy* policy)
      : input_(input), firing_(firing), channel_(std::move(channel)), policy_(policy) {}

  // A route sends this alert here. `open`: nothing keeps it back.
  void want(const FiringAlert& alert, const Route& route, bool open);

  // Adds what is due to `changes`, triggers before resolves: a new incident opens before the old one ends. Groups that
  // wait are added to `waiting`.
  void run(RoutingChanges& changes, WaitingGroups& waiting);

 private:
  struct Want {
    const FiringAlert* alert;
    const Route* route;
    bool open;
  };
  struct Arrival {  // an alert that is to be told
    const Want* want;
    std::optional<Level> previous;  // what an incident at another level said of it
  };
  struct Group {
    Labels labels;
    std::vector<Arrival> arrivals;
  };

  void index_incidents();
  void look_at(const Want& want);
  bool belongs(const Incident& incident, const FiringAlert& alert) const;
  void tell_group(const std::string& key, Group& group, WaitingGroups& waiting);
  bool must_wait(const std::string& key, const Group& group, WaitingGroups& waiting);
  void add_together(const std::string& key, const Group& group);
  void add_each_alone(const std::string& key, const Group& group);
  IncidentDraft& open_incident(const std::string& key, const std::string& group_key, const Labels& group,
                               std::optional<Level> level);
  std::optional<Level> level_in_key(const Want& want) const;
  void look_for_ends(const Incident& incident);
  std::optional<Reason> ended(const Incident& incident, const Incident::Member& member) const;
  bool told_at_its_level(const FiringAlert& alert) const;
  void speak(IncidentDraft* draft, const Incident& incident, RoutingChanges& changes);
  bool reminder_due(const Incident& incident) const;
  IncidentDraft& edit(const std::string& key);

  const RoutingInput& input_;
  const FiringAlerts& firing_;
  std::string channel_;
  const ChannelPolicy* policy_;
  std::unordered_map<std::string_view, Want> wants_;                            // by alert
  std::map<std::string, const Incident*, std::less<>> incidents_;               // by key, as they were
  std::unordered_map<std::string_view, std::vector<const Incident*>> told_in_;  // by alert that fires in them
  std::map<std::string, IncidentDraft, std::less<>> drafts_;                    // by key
  std::map<std::string, Group> groups_;                                         // of what is to be told, by key
  std::set<std::string_view> open_groups_;  // of which the channel was told and something fires
  std::optional<SteadyTime> next_;
};

}  // namespace pgvigil
