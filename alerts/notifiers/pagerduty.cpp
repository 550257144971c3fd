#include "alerts/notifiers/pagerduty.h"

#include <fmt/format.h>

#include "alerts/alert_json.h"
#include "alerts/notifiers.h"
#include "core/json.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_summary = 1000;  // 1024 characters are allowed; bytes are never fewer than characters
constexpr std::size_t max_text = 4000;     // a whole event may have 512 kB
constexpr std::size_t max_labels = 50;
constexpr std::size_t max_label = 500;
constexpr std::size_t routing_key_length = 32;
constexpr milliseconds overload_wait{30'000};  // what PagerDuty's own documentation advises after a 429

std::string summary_of(const Notification& notification) {
  const std::string text = fmt::format("{}: {}", notification.instance, notification.announcement.summary);
  return truncate_utf8(text, max_summary);
}

std::string source_of(const Notification& notification) {
  return notification.instance.empty() ? "pgvigil" : truncate_utf8(notification.instance, max_label);
}

Json details(const Notification& notification) {
  Json::Object labels;
  for (const auto& [name, value] : notification.announcement.labels) {
    if (labels.size() < max_labels) labels.emplace_back(name, truncate_utf8(value, max_label));
  }
  return Json::Object{
      {"rule", notification.rule},
      {"subject", truncate_utf8(notification.announcement.subject, max_text)},
      {"labels", std::move(labels)},
      {"value", to_json(notification.value)},
      {"since", format_time(notification.since)},
      {"description", truncate_utf8(notification.announcement.description, max_text)},
      {"what to do", truncate_utf8(notification.announcement.runbook, max_text)},
  };
}

Json::Object event(const PagerDutyOptions& options, const Notification& notification) {
  const bool resolve = notification.kind == Notification::Kind::resolve;
  return {{"routing_key", options.routing_key.reveal()},
          {"event_action", resolve ? "resolve" : "trigger"},
          {"dedup_key", incident_key(notification)}};
}

Json::Object required_payload(const Notification& notification) {
  return {{"summary", summary_of(notification)},
          {"source", source_of(notification)},
          {"severity", std::string(to_string(notification.level))}};
}

}  // namespace

NotifierPtr PagerDutyNotifier::decode(Section& section, Scheme scheme) {
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
    check_url(options.url, scheme, *url);
  }
  return std::make_shared<PagerDutyNotifier>(std::move(options));
}

HttpRequest PagerDutyNotifier::request(std::string body) const {
  return {"POST", options_.url, {{"Content-Type", "application/json"}}, std::move(body)};
}

HttpRequest PagerDutyNotifier::render(const Notification& notification) const {
  Json::Object body = event(options_, notification);
  if (notification.kind == Notification::Kind::resolve) return request(Json(std::move(body)).dump());
  Json::Object payload = required_payload(notification);
  payload.emplace_back("timestamp", format_time(notification.since));
  payload.emplace_back("component", "postgresql");
  payload.emplace_back("class", notification.rule);
  payload.emplace_back("custom_details", details(notification));
  body.emplace_back("payload", std::move(payload));
  body.emplace_back("client", "pgvigil");
  const std::string& runbook = notification.announcement.runbook;
  if (runbook.starts_with("https://") && runbook.find(' ') == std::string::npos) {
    body.emplace_back("links", Json::Array{Json::Object{{"href", runbook}, {"text", "Runbook"}}});
  }
  return request(Json(std::move(body)).dump());
}

HttpRequest PagerDutyNotifier::render_minimal(const Notification& notification) const {
  Json::Object body = event(options_, notification);
  if (notification.kind == Notification::Kind::trigger) body.emplace_back("payload", required_payload(notification));
  return request(Json(std::move(body)).dump());
}

Verdict PagerDutyNotifier::judge(const HttpResponse& response) const {
  const std::string why = fmt::format("PagerDuty answered {}", response.status);
  if (response.status == 202) return Verdict::delivered();
  if (response.status == 429) {
    const auto header = retry_after(response);
    return Verdict::retry(why, header ? header : overload_wait);
  }
  if (response.status >= 500 || response.status == 408) return Verdict::retry(why);
  if (response.status == 400) return Verdict::payload_refused(why);
  // Not an answer of the Events API: a wrong address or a gateway, which a person has to repair.
  return Verdict::retry(why, repair_wait);
}

}  // namespace pgvigil
