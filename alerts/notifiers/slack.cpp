#include "alerts/notifiers/slack.h"

#include "alerts/notifiers/slack_bot.h"
#include "alerts/notifiers/slack_text.h"
#include "core/json.h"
#include "core/text.h"

namespace pgvigil {

std::vector<NotifierPtr> decode_slack(Section& section, const DecodeContext& context) {
  if (section.has("token") || section.has("token_file")) {
    SlackBotOptions options;
    options.token = section.secret("token");
    options.channel = section.require_text("channel");
    if (const auto url = section.value("api_url")) {
      options.api_url = url->text().value_or("");
      check_url(Secret(options.api_url), context.scheme, *url);
    }
    return {std::make_shared<SlackBotNotifier>(std::move(options))};
  }
  Secret url = decode_url(section, "webhook_url", context.scheme);
  if (url.empty()) return {};
  return {std::make_shared<SlackNotifier>(std::move(url))};
}

// One message a second and channel, short bursts are tolerated; Slack may disable an app that insists on more.
ReceiverTraits SlackNotifier::traits() const {
  return {.form = ChannelPolicy::Form::grouped, .burst = 5, .pace = milliseconds(1000)};
}

HttpRequest SlackNotifier::render(std::span<const Letter> letters) const {
  const Json body(slack_message(letters.front()));
  return {"POST", webhook_url_, {{"Content-Type", "application/json"}}, body.dump()};
}

HttpRequest SlackNotifier::render_minimal(const Letter& letter) const {
  const Json body(Json::Object{{"text", slack_plain_text(letter)}});
  return {"POST", webhook_url_, {{"Content-Type", "application/json"}}, body.dump()};
}

Verdict SlackNotifier::judge(const HttpResponse& response) const {
  const bool success = response.status >= 200 && response.status < 300;
  // A gateway's error page can come with status 200.
  if (success && (trim(response.body) == "ok" || trim(response.body).empty()))
    return {.kind = Verdict::Kind::delivered, .status = response.status};
  Verdict verdict = judge_slack_failure(response);
  if (success) verdict.why += " and not \"ok\"";
  return verdict;
}

}  // namespace pgvigil
