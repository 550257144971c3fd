#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alerts/routing/incident.h"
#include "alerts/routing/routing_options.h"
#include "alerts/routing/suppression.h"

namespace pgvigil {

// A changed incident, and which of its members differ from what is stored.
struct IncidentChange {
  Incident incident;
  std::set<std::string> saved;
  std::set<std::string> dropped;
};

// An incident while one evaluation works on it: what is new in it, and the message that says so.
class IncidentDraft {
 public:
  explicit IncidentDraft(Incident incident) { change_.incident = std::move(incident); }

  const Incident& incident() const { return change_.incident; }
  bool urgent() const { return urgent_; }  // something is worse, or new

  // An alert that is not told here yet, or not any more. `previous`: what another incident of the channel said of it.
  void add(const FiringAlert& alert, std::optional<Level> previous, const Route& route);

  // A member at another level, or that begins or ends to flap.
  void update(const FiringAlert& alert);

  void end(std::string_view alert, Reason reason, WallTime now);

  // The next message of the incident, which says all there is to say.
  Notification message(Notification::Kind kind, bool repeat, SteadyTime now, WallTime wall_now);

  IncidentChange take() && { return std::move(change_); }

 private:
  Incident::Member& touch(std::string_view alert);
  void forget_old_members();

  IncidentChange change_;
  bool urgent_ = false;
};

}  // namespace pgvigil
