#pragma once

#include "alerts/notifier.h"
#include "alerts/notifiers.h"

namespace pgvigil {

struct PagerDutyOptions {
  Secret routing_key;
  Secret url{"https://events.pagerduty.com/v2/enqueue"};  // other regions and proxies have other ones
};

// PagerDuty's Events API v2. PagerDuty keeps one incident for each key and does not page again for an open or
// acknowledged one, so every level has a key of its own: escalation opens the new incident, then resolves the old one.
class PagerDutyNotifier final : public HttpNotifier {
 public:
  explicit PagerDutyNotifier(PagerDutyOptions options) : options_(std::move(options)) {}

  HttpRequest render(std::span<const Letter> letters) const override;
  HttpRequest render_minimal(const Letter& letter) const override;
  Verdict judge(const HttpResponse& response) const override;
  ReceiverTraits traits() const override;

 private:
  HttpRequest request(std::string body) const;

  PagerDutyOptions options_;
};

// routing_key or routing_key_file, url.
std::vector<NotifierPtr> decode_pagerduty(Section& section, const DecodeContext& context);

}  // namespace pgvigil
