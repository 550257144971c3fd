#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alerts/notifier.h"
#include "alerts/notifiers.h"

namespace pgvigil {

struct WebhookOptions {
  std::string receiver;  // the channel's name, as the body tells it
  Secret url;
  Secret authorization;         // the header's value; empty: none
  std::vector<Secret> secrets;  // each signs: a receiver that knows one of them can prove the message
};

// Any HTTP receiver. The body is that of Alertmanager's webhooks, version 4, so whatever takes those takes ours, with
// one member more, `pgvigil`; signed as Standard Webhooks says (https://www.standardwebhooks.com).
class WebhookNotifier final : public HttpNotifier {
 public:
  explicit WebhookNotifier(WebhookOptions options) : options_(std::move(options)) {}

  HttpRequest render(std::span<const Letter> letters) const override;
  HttpRequest render_minimal(const Letter& letter) const override;
  Verdict judge(const HttpResponse& response) const override;
  ReceiverTraits traits() const override;

 private:
  HttpRequest request(const Letter& letter, std::string body) const;

  WebhookOptions options_;
};

// url or url_file; secret or secret_file, in which each word is a secret; authorization or authorization_file.
std::vector<NotifierPtr> decode_webhook(Section& section, const DecodeContext& context);

// "v1,BASE64" over "id.timestamp.body". A secret that begins with whsec_ is base64, any other is taken as it stands.
std::string webhook_signature(const Secret& secret, std::string_view id, std::string_view timestamp,
                              std::string_view body);

}  // namespace pgvigil
