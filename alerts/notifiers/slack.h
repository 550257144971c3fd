#pragma once

#include <string>
#include <string_view>

#include "alerts/notifier.h"
#include "core/yaml_section.h"

namespace pgvigil {

struct SlackOptions {
  Secret webhook_url;  // whoever has it may post
};

// Slack's incoming webhooks: a line of text, which phones show, and one coloured attachment with the details. A webhook
// cannot change a message, so a change of level and the end of an alert are messages of their own.
class SlackNotifier final : public Notifier {
 public:
  explicit SlackNotifier(SlackOptions options) : options_(std::move(options)) {}
  static NotifierPtr decode(Section& section, Scheme scheme);

  HttpRequest render(const Notification& notification) const override;
  HttpRequest render_minimal(const Notification& notification) const override;
  Verdict judge(const HttpResponse& response) const override;
  bool incident_per_level() const override { return false; }
  // One message a second and channel; Slack may disable an app that insists on more.
  milliseconds pace() const override { return milliseconds(1000); }

 private:
  SlackOptions options_;
};

// Text with Slack's three special characters escaped, at most `max_bytes` long after that: names of roles and relations
// come from people, and "<!channel>" in one of them would wake everybody.
std::string slack_text(std::string_view text, std::size_t max_bytes);

}  // namespace pgvigil
