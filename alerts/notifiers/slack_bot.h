#pragma once

#include <string>

#include "alerts/notifier.h"
#include "core/json.h"

namespace pgvigil {

struct SlackBotOptions {
  Secret token;         // with the scope chat:write
  std::string channel;  // its id or its name
  std::string api_url = "https://slack.com/api";
};

// Slack's Web API with a bot's token: one message for each key. News of the key change that message, its colour
// included, and stand in its thread, so that a channel shows what is open at a glance. The message's channel and time
// stamp, which Slack needs to find it, are remembered with the key.
class SlackBotNotifier final : public Notifier {
 public:
  explicit SlackBotNotifier(SlackBotOptions options) : options_(std::move(options)) {}

  Verdict deliver(std::span<const Letter> letters, const Wire& wire) const override;
  ReceiverTraits traits() const override;

 private:
  struct Answer {
    Verdict verdict;
    std::string error;  // Slack's word
    Json body;
  };
  Verdict post(const Letter& letter, const Wire& wire) const;
  Verdict reply(const Letter& letter, const Json& posted, const Wire& wire) const;
  Answer call(std::string_view method, const Json::Object& place, Json::Object message, const Letter& letter,
              const Wire& wire) const;
  Answer send(std::string_view method, Json::Object body, const Wire& wire) const;

  SlackBotOptions options_;
};

}  // namespace pgvigil
