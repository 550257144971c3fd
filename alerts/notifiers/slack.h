#pragma once

#include "alerts/notifier.h"
#include "alerts/notifiers.h"

namespace pgvigil {

// Slack's incoming webhooks. A webhook cannot change a message, so a change of level and the end of an alert are
// messages of their own.
class SlackNotifier final : public HttpNotifier {
 public:
  explicit SlackNotifier(Secret webhook_url) : webhook_url_(std::move(webhook_url)) {}

  HttpRequest render(std::span<const Letter> letters) const override;
  HttpRequest render_minimal(const Letter& letter) const override;
  Verdict judge(const HttpResponse& response) const override;
  ReceiverTraits traits() const override;

 private:
  Secret webhook_url_;  // whoever has it may post
};

// webhook_url or webhook_url_file; or token (or token_file) and channel, which makes a SlackBotNotifier.
std::vector<NotifierPtr> decode_slack(Section& section, const DecodeContext& context);

}  // namespace pgvigil
