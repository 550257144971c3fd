#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "alerts/level.h"
#include "alerts/lifecycle.h"
#include "alerts/selector.h"
#include "core/clock.h"

namespace pgvigil {

// What people were last told about an alert. Kept, because a resolve must speak of the same thing even when the rule
// has been changed or removed since.
struct Announcement {
  std::string subject;
  Labels labels;  // the subject's and the rule's own
  std::string summary;
  std::string description;
  std::string runbook;
  bool operator==(const Announcement&) const = default;
};

// One rule's finding about one subject, from its first sign until it is over. Owned by the evaluator, kept in
// AlertStore.
struct Alert {
  std::string id;  // identity of rule and subject; never depends on level or value
  std::string rule;
  Labels subject;        // the labels of its series
  std::string instance;  // the watched server, as it was named when the alert began: part of the incident's key
  std::string task;      // whose snapshot reports the subject; empty while nothing ever did
  LifecycleState state;
  WallTime since;  // when it became pending or, later, firing
  std::optional<double> value;
  bool flapping = false;              // it comes and goes: its single changes are not worth a message
  Reason reason = Reason::condition;  // of its last change of level
  std::optional<double> threshold;    // that its level has
  Announcement announcement;
};

// An alert that began to fire, changed its level or ended, whether or not anybody is told.
struct LevelChange {
  std::string alert;  // identity
  std::string rule;
  std::string subject;
  std::optional<Level> before;
  std::optional<Level> after;
  Reason reason = Reason::condition;
  std::optional<double> value;
  std::string summary;
};

// "rule and subject" as a hash: the same on every evaluation and after every restart.
std::string alert_id(std::string_view rule, const Labels& subject);

// The subject for people: the value of a single label, "name=value, …" of several, the server's name when there is
// none.
std::string describe_subject(const Labels& subject, const std::string& instance);

// An alert as the status page and the metrics show it.
struct AlertView {
  enum class State { pending, firing };
  std::string rule;
  Labels subject;
  State state = State::pending;
  Level level = Level::warning;
  WallTime since;
  std::optional<double> value;
  std::string summary;  // empty while it is pending
  std::string id;
  Labels labels;  // the subject's and, once it has fired, the rule's own
};

AlertView view_of(const Alert& alert);

}  // namespace pgvigil
