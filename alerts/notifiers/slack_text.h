#pragma once

#include <string>
#include <string_view>

#include "alerts/notifier.h"
#include "core/json.h"

// What Slack's webhooks and its Web API have in common: the form of a message and the words of an error.
namespace pgvigil {

// Text with Slack's three special characters escaped, at most `max_bytes` long after that: names of roles and relations
// come from people, and "<!channel>" in one of them would wake everybody. Backticks, which would turn the rest of the
// message into code, become apostrophes.
std::string slack_text(std::string_view text, std::size_t max_bytes);

// A line of text, which phones show, and one coloured attachment with the details. Below 10,000 characters in all.
Json::Object slack_message(const Letter& letter);

// The line alone, as long as it may be.
std::string slack_plain_text(const Letter& letter);

// Slack's errors are one word, alone or as `error` of a JSON object; "" for anything else, which comes from something
// in between and is not repeated.
std::string slack_error(const HttpResponse& response);

// What the word means; nothing for one that says nothing by itself.
enum class SlackFault { payload, transient, rate_limited, configuration };
SlackFault classify_slack_error(std::string_view word);

// A failure, by its status and its word. `after` is also read from the body.
Verdict judge_slack_failure(const HttpResponse& response);

}  // namespace pgvigil
