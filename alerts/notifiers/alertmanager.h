#pragma once

#include "alerts/notifier.h"
#include "alerts/notifiers.h"

namespace pgvigil {

struct AlertmanagerOptions {
  Secret url;                    // without /api/v2/alerts
  Secret authorization;          // the header's value; empty: none
  milliseconds refresh{60'000};  // how often what fires is told again
};

// One replica of an Alertmanager, API v2. It forgets an alert when its end has passed, so what fires is told again
// every minute with an end four times as far away, and what is over is told with its own. All replicas have to be told:
// each is a lane of its own.
class AlertmanagerNotifier final : public HttpNotifier {
 public:
  explicit AlertmanagerNotifier(AlertmanagerOptions options) : options_(std::move(options)) {}

  HttpRequest render(std::span<const Letter> letters) const override;
  HttpRequest render_minimal(const Letter& letter) const override;
  Verdict judge(const HttpResponse& response) const override;
  ReceiverTraits traits() const override;

 private:
  enum class Form { whole, minimal };
  HttpRequest request(std::span<const Letter> letters, Form form) const;

  AlertmanagerOptions options_;
};

// urls (a list), or url or url_file; authorization or authorization_file.
std::vector<NotifierPtr> decode_alertmanager(Section& section, const DecodeContext& context);

}  // namespace pgvigil
