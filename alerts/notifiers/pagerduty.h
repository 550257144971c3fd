#pragma once

#include <string>

#include "alerts/notifier.h"
#include "core/yaml_section.h"

namespace pgvigil {

struct PagerDutyOptions {
  Secret routing_key;
  Secret url{"https://events.pagerduty.com/v2/enqueue"};  // other regions and proxies have other ones
};

// PagerDuty's Events API v2. PagerDuty keeps one incident for each key and does not page again for an open or
// acknowledged one, so every level has its own: escalation opens the new incident, then resolves the old one.
class PagerDutyNotifier final : public Notifier {
 public:
  explicit PagerDutyNotifier(PagerDutyOptions options) : options_(std::move(options)) {}
  static NotifierPtr decode(Section& section, Scheme scheme);

  HttpRequest render(const Notification& notification) const override;
  HttpRequest render_minimal(const Notification& notification) const override;
  Verdict judge(const HttpResponse& response) const override;
  bool incident_per_level() const override { return true; }
  // The limit is 120 events a minute for each key.
  milliseconds pace() const override { return milliseconds(600); }

 private:
  HttpRequest request(std::string body) const;

  PagerDutyOptions options_;
};

}  // namespace pgvigil
