#include "alerts/notifiers/slack_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "alerts/message_text.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// A message may hold some 13,000 characters in all; these sum up to less than 10,000.
constexpr std::size_t max_summary = 1000;
constexpr std::size_t max_description = 2000;
constexpr std::size_t max_runbook = 1000;
constexpr std::size_t max_list = 6000;
constexpr std::size_t max_field = 150;
constexpr std::size_t max_fields = 12;
constexpr std::size_t max_plain = 3000;

// Another text may be taken; https://api.slack.com/messaging/webhooks#handling_errors and chat.postMessage's list.
constexpr std::array<std::string_view, 9> payload_errors{
    "invalid_payload",     "invalid_blocks",        "no_text",
    "msg_too_long",        "msg_blocks_too_long",   "too_many_attachments",
    "invalid_attachments", "invalid_blocks_format", "markdown_text_conflict"};
constexpr std::array<std::string_view, 6> transient_errors{
    "internal_error", "fatal_error", "rollup_error", "service_unavailable", "request_timeout", "team_added_to_org"};
constexpr std::array<std::string_view, 3> rate_errors{"rate_limited", "ratelimited", "message_limit_exceeded"};

template <std::size_t size>
bool contains(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view colour(const Notification& news) {
  if (news.kind == Notification::Kind::resolve) return "good";
  return news.level == Level::critical ? "danger" : "warning";
}

Json field(std::string_view title, std::string_view value) {
  return Json::Object{
      {"title", slack_text(title, max_field)}, {"value", slack_text(value, max_field)}, {"short", true}};
}

Json::Array fields(const Notification& notification) {
  Json::Array result;
  const bool single = notification.alerts.size() == 1;
  if (single) {
    const AlertNews& news = notification.alerts.front();
    result.push_back(field("Rule", news.rule));
    result.push_back(field("Since", format_time(news.since)));
  }
  const Labels& labels = single ? notification.alerts.front().announcement.labels : notification.group;
  for (const auto& [name, value] : labels) {
    if (result.size() < max_fields) result.push_back(field(name, value));
  }
  return result;
}

std::string details(const Notification& notification) {
  if (notification.alerts.size() > 1) {
    // An escaped character is up to five bytes long; what is listed was cut before that.
    return slack_text(join(list_alerts(notification, max_list - 1000), "\n"), max_list);
  }
  const AlertNews& news = notification.alerts.front();
  std::string text = slack_text(news.announcement.description, max_description);
  if (!news.announcement.runbook.empty() && news.firing) {
    text += (text.empty() ? "" : "\n") + ("What to do: " + slack_text(news.announcement.runbook, max_runbook));
  }
  return text;
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
      case '`': whole += '\''; break;
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

Json::Object slack_message(const Letter& letter) {
  const std::string line = slack_text(headline(letter), max_summary);
  Json::Object attachment{
      {"color", std::string(colour(letter.news))},
      {"fallback", line},
      {"text", details(letter.news)},
      {"fields", fields(letter.news)},
      {"footer", "pgvigil"},
      {"ts", std::int64_t{std::chrono::floor<seconds>(letter.news.at).time_since_epoch().count()}},
  };
  return {{"text", line}, {"attachments", Json::Array{std::move(attachment)}}};
}

std::string slack_plain_text(const Letter& letter) {
  return slack_text(headline(letter), max_plain);
}

std::string slack_error(const HttpResponse& response) {
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

SlackFault classify_slack_error(std::string_view word) {
  if (contains(payload_errors, word)) return SlackFault::payload;
  if (contains(transient_errors, word)) return SlackFault::transient;
  return contains(rate_errors, word) ? SlackFault::rate_limited : SlackFault::configuration;
}

Verdict judge_slack_failure(const HttpResponse& response) {
  Verdict verdict = judge_failure(response, "Slack");
  const std::string word = slack_error(response);
  if (!word.empty()) verdict.why += " " + word;
  if (response.status < 500 && response.status != 429 && response.status != 408) {
    switch (classify_slack_error(word)) {
      case SlackFault::payload: verdict.kind = Verdict::Kind::payload_refused; break;
      case SlackFault::transient: verdict.kind = Verdict::Kind::receiver_failed; break;
      case SlackFault::rate_limited: verdict.kind = Verdict::Kind::rate_limited; break;
      // Revoked, archived, or a wrong address.
      case SlackFault::configuration: verdict.kind = Verdict::Kind::misconfigured; break;
    }
  }
  if (verdict.kind == Verdict::Kind::rate_limited) {
    verdict.after = retry_after(response);
    if (!verdict.after) verdict.after = retry_after_in_body(response);
  }
  return verdict;
}

}  // namespace pgvigil
