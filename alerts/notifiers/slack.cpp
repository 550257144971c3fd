#include "alerts/notifiers/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "alerts/notifiers.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// A message may hold some 13,000 characters in all; these sum up to well below that.
constexpr std::size_t max_summary = 1000;
constexpr std::size_t max_description = 2500;
constexpr std::size_t max_runbook = 1000;
constexpr std::size_t max_field = 300;
constexpr std::size_t max_fields = 12;
constexpr std::size_t max_plain = 3000;

// Another text may be taken; https://api.slack.com/messaging/webhooks#handling_errors and chat.postMessage's list.
constexpr std::array<std::string_view, 6> payload_errors{
    "invalid_payload", "invalid_blocks", "no_text", "msg_too_long", "msg_blocks_too_long", "too_many_attachments"};

std::string_view colour(const Notification& notification) {
  if (notification.kind == Notification::Kind::resolve) return "good";
  return notification.level == Level::critical ? "danger" : "warning";
}

std::string heading(const Notification& notification) {
  if (notification.kind == Notification::Kind::resolve) return "RESOLVED";
  std::string result = notification.level == Level::critical ? "CRITICAL" : "WARNING";
  if (notification.previous) result += fmt::format(" (was {})", to_string(*notification.previous));
  return result;
}

std::string_view ending(const Notification& notification) {
  switch (notification.reason) {
    case Reason::subject_gone: return "it no longer exists";
    case Reason::rule_removed: return "the rule was removed";
    case Reason::no_data: return "no data any more";
    case Reason::condition: break;
  }
  return "back to normal";
}

std::string headline(const Notification& notification, std::size_t max_bytes) {
  std::string line =
      fmt::format("{} on {}: {}", heading(notification), notification.instance, notification.announcement.summary);
  if (notification.kind == Notification::Kind::resolve) {
    const auto lasted = std::chrono::duration_cast<seconds>(notification.at - notification.since);
    line = fmt::format("{} on {} after {} ({}): {}", heading(notification), notification.instance,
                       format_duration(std::max(lasted, seconds(1))), ending(notification),
                       notification.announcement.summary);
  }
  return slack_text(line, max_bytes);
}

Json field(std::string_view title, std::string_view value) {
  return Json::Object{
      {"title", slack_text(title, max_field)}, {"value", slack_text(value, max_field)}, {"short", true}};
}

Json::Array fields(const Notification& notification) {
  Json::Array result{field("Rule", notification.rule), field("Since", format_time(notification.since))};
  for (const auto& [name, value] : notification.announcement.labels) {
    if (result.size() < max_fields) result.push_back(field(name, value));
  }
  return result;
}

Json attachment(const Notification& notification) {
  std::string text = slack_text(notification.announcement.description, max_description);
  if (!notification.announcement.runbook.empty() && notification.kind == Notification::Kind::trigger) {
    text += (text.empty() ? "" : "\n") + ("What to do: " + slack_text(notification.announcement.runbook, max_runbook));
  }
  return Json::Object{
      {"color", std::string(colour(notification))},
      {"fallback", headline(notification, max_summary)},
      {"text", std::move(text)},
      {"fields", fields(notification)},
      {"footer", "pgvigil"},
      {"ts", std::int64_t{std::chrono::floor<seconds>(notification.at).time_since_epoch().count()}},
  };
}

// Slack's errors are one word; anything longer comes from something in between and is not repeated.
std::string error_word(const HttpResponse& response) {
  std::string word(trim(response.body));
  if (word.starts_with('{')) {
    try {
      word = Json::parse(response.body)["error"].text();
    } catch (const Error&) {
      word.clear();
    }
  }
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return word.size() <= 40 && std::all_of(word.begin(), word.end(), allowed) ? word : "";
}

std::optional<milliseconds> retry_after_in_body(const HttpResponse& response) {
  try {
    const Json body = Json::parse(response.body);
    if (body["retry_after"].is_null()) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(std::clamp(body["retry_after"].number(), 0.0, 86400.0) * 1000));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string slack_text(std::string_view text, std::size_t max_bytes) {
  std::string whole;
  for (const char c : text) {
    switch (c) {
      case '&': whole += "&amp;"; break;
      case '<': whole += "&lt;"; break;
      case '>': whole += "&gt;"; break;
      default: whole += c;
    }
  }
  if (whole.size() <= max_bytes) return whole;
  std::string cut = truncate_utf8(whole, max_bytes);
  // The cut may have gone through an escape: "&am…".
  const auto ampersand = cut.rfind('&');
  if (ampersand != std::string::npos && cut.find(';', ampersand) == std::string::npos)
    cut = cut.substr(0, ampersand) + "…";
  return cut;
}

NotifierPtr SlackNotifier::decode(Section& section, Scheme scheme) {
  SlackOptions options{section.secret("webhook_url")};
  const auto place = section.value("webhook_url");
  if (!place && !section.has("webhook_url_file")) {
    section.fail("webhook_url: or webhook_url_file: is missing");
    return nullptr;
  }
  const auto given = place ? place : section.value("webhook_url_file");
  if (!options.webhook_url.empty()) check_url(options.webhook_url, scheme, *given);
  return std::make_shared<SlackNotifier>(std::move(options));
}

HttpRequest SlackNotifier::render(const Notification& notification) const {
  const Json body(Json::Object{{"text", headline(notification, max_summary)},
                               {"attachments", Json::Array{attachment(notification)}}});
  return {"POST", options_.webhook_url, {{"Content-Type", "application/json"}}, body.dump()};
}

HttpRequest SlackNotifier::render_minimal(const Notification& notification) const {
  const Json body(Json::Object{{"text", headline(notification, max_plain)}});
  return {"POST", options_.webhook_url, {{"Content-Type", "application/json"}}, body.dump()};
}

Verdict SlackNotifier::judge(const HttpResponse& response) const {
  const std::string word = error_word(response);
  const std::string why = fmt::format("Slack answered {} {}", response.status, word);
  if (response.status >= 200 && response.status < 300) {
    // A gateway's error page can come with status 200, and chat.postMessage's errors do.
    if (trim(response.body) == "ok" || trim(response.body).empty()) return Verdict::delivered();
    if (std::find(payload_errors.begin(), payload_errors.end(), word) == payload_errors.end()) {
      return Verdict::retry(why + " and not \"ok\"", repair_wait);
    }
  }
  if (response.status == 429) {
    const auto header = retry_after(response);
    return Verdict::retry(why, header ? header : retry_after_in_body(response));
  }
  if (response.status >= 500 || response.status == 408) return Verdict::retry(why);
  const bool payload = std::find(payload_errors.begin(), payload_errors.end(), word) != payload_errors.end();
  if (payload) return Verdict::payload_refused(why);
  // The webhook is revoked, its channel archived, or the address wrong: only a person can repair that, so keep trying.
  return Verdict::retry(why, repair_wait);
}

}  // namespace pgvigil
