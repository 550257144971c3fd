#include "alerts/notifiers/pagerduty.h"

#include <fmt/format.h>

#include "alerts/alert_json.h"
#include "alerts/message_text.h"
#include "core/json.h"
#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_summary = 1024;   // code points
constexpr std::size_t max_event = 500'000;  // bytes; 512 kB are allowed
constexpr std::size_t max_text = 4000;
constexpr std::size_t max_list = 30'000;
constexpr std::size_t max_label = 500;
constexpr std::size_t max_key = 255;
constexpr std::size_t routing_key_length = 32;
constexpr milliseconds overload_wait{30'000};  // what PagerDuty's own documentation advises after a 429

std::string cut_code_points(const std::string& text, std::size_t most) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && ++count > most) return text.substr(0, i);
  }
  return text;
}

std::string summary_of(const Letter& letter) {
  const Notification& news = letter.news;
  const bool single = news.alerts.size() == 1 && news.more_firing == 0;
  const AlertNews& first = news.alerts.front();
  const std::string text =
      single ? fmt::format("{}: {}", first.instance, first.announcement.summary) : headline(letter);
  return cut_code_points(text, max_summary);
}

std::string source_of(const Notification& news) {
  const std::string& instance = news.alerts.front().instance;
  return instance.empty() ? "pgvigil" : truncate_utf8(instance, max_label);
}

Json labels_json(const Labels& labels) {
  Json::Object result;
  for (const auto& [name, value] : labels) result.emplace_back(name, truncate_utf8(value, max_label));
  return result;
}

Json details(const Notification& notification) {
  if (notification.alerts.size() > 1) {
    Json::Array lines;
    for (const std::string& line : list_alerts(notification, max_list)) lines.emplace_back(line);
    return Json::Object{{"group", labels_json(notification.group)}, {"alerts", std::move(lines)}};
  }
  const AlertNews& news = notification.alerts.front();
  return Json::Object{
      {"rule", news.rule},
      {"subject", truncate_utf8(news.announcement.subject, max_text)},
      {"labels", labels_json(news.announcement.labels)},
      {"value", to_json(news.value)},
      {"threshold", to_json(news.threshold)},
      {"since", format_time(news.since)},
      {"description", truncate_utf8(news.announcement.description, max_text)},
      {"what to do", truncate_utf8(news.announcement.runbook, max_text)},
  };
}

std::string dedup_key(const std::string& key) {
  return key.size() <= max_key ? key : "pgvigil:" + sha256_hex(key);
}

Json::Object event(const PagerDutyOptions& options, const Notification& news) {
  const bool resolve = news.kind == Notification::Kind::resolve;
  return {{"routing_key", options.routing_key.reveal()},
          {"event_action", resolve ? "resolve" : "trigger"},
          {"dedup_key", dedup_key(news.key)}};
}

Json::Object required_payload(const Letter& letter) {
  return {{"summary", summary_of(letter)},
          {"source", source_of(letter.news)},
          {"severity", std::string(to_string(letter.news.level))}};
}

}  // namespace

std::vector<NotifierPtr> decode_pagerduty(Section& section, const DecodeContext& context) {
  PagerDutyOptions options;
  options.routing_key = section.secret("routing_key");
  if (!section.has("routing_key") && !section.has("routing_key_file")) {
    section.fail("routing_key: or routing_key_file: is missing");
  } else if (!options.routing_key.empty() && options.routing_key.reveal().size() != routing_key_length) {
    section.fail(fmt::format("a routing key has {} characters; this one has {}", routing_key_length,
                             options.routing_key.reveal().size()));
  }
  if (const auto url = section.value("url")) {
    options.url = Secret(url->text().value_or(""));
    check_url(options.url, context.scheme, *url);
  }
  return {std::make_shared<PagerDutyNotifier>(std::move(options))};
}

// The limit is 120 events a minute for each routing key.
ReceiverTraits PagerDutyNotifier::traits() const {
  return {.form = ChannelPolicy::Form::per_alert, .level_in_key = true, .burst = 20, .pace = milliseconds(600)};
}

HttpRequest PagerDutyNotifier::request(std::string body) const {
  return {"POST", options_.url, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpRequest PagerDutyNotifier::render(std::span<const Letter> letters) const {
  const Letter& letter = letters.front();
  Json::Object body = event(options_, letter.news);
  if (letter.news.kind == Notification::Kind::resolve) return request(Json(std::move(body)).dump());
  const AlertNews& first = letter.news.alerts.front();
  Json::Object payload = required_payload(letter);
  payload.emplace_back("timestamp", format_time(first.since));
  payload.emplace_back("component", "postgresql");
  payload.emplace_back("class", first.rule);
  payload.emplace_back("custom_details", details(letter.news));
  body.emplace_back("payload", std::move(payload));
  body.emplace_back("client", "pgvigil");
  const std::string& runbook = first.announcement.runbook;
  if (is_link(runbook) && runbook.size() <= max_text) {
    body.emplace_back("links", Json::Array{Json::Object{{"href", runbook}, {"text", "Runbook"}}});
  }
  std::string text = Json(std::move(body)).dump();
  return text.size() <= max_event ? request(std::move(text)) : render_minimal(letter);
}

HttpRequest PagerDutyNotifier::render_minimal(const Letter& letter) const {
  Json::Object body = event(options_, letter.news);
  if (letter.news.kind == Notification::Kind::trigger) body.emplace_back("payload", required_payload(letter));
  return request(Json(std::move(body)).dump());
}

Verdict PagerDutyNotifier::judge(const HttpResponse& response) const {
  if (response.status == 202) return {.kind = Verdict::Kind::delivered, .status = response.status};
  Verdict verdict = judge_failure(response, "PagerDuty");
  if (response.status == 400) verdict.kind = Verdict::Kind::payload_refused;
  if (response.status == 429 && !verdict.after) verdict.after = overload_wait;
  return verdict;
}

}  // namespace pgvigil
