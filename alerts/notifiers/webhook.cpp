#include "alerts/notifiers/webhook.h"

#include <fmt/format.h>

#include "alerts/alert_json.h"
#include "alerts/notifiers/prometheus_alert.h"
#include "core/base64.h"
#include "core/json.h"
#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr const char* no_time = "0001-01-01T00:00:00Z";  // Go's zero time, which Alertmanager sends

// What all of the maps say alike.
Labels common(const std::vector<Labels>& maps) {
  Labels result = maps.front();
  for (const Labels& other : maps) {
    std::erase_if(result, [&](const auto& entry) {
      const auto found = other.find(entry.first);
      return found == other.end() || found->second != entry.second;
    });
  }
  return result;
}

Json alert_json(const AlertNews& news, const Notification& notification) {
  const auto end = end_of(news, notification);
  return Json::Object{{"status", news.firing ? "firing" : "resolved"},
                      {"labels", to_json(prometheus_labels(news))},
                      {"annotations", to_json(prometheus_annotations(news))},
                      {"startsAt", format_time(news.since)},
                      {"endsAt", end ? format_time(*end) : std::string(no_time)},
                      {"generatorURL", ""},
                      {"fingerprint", sha256_hex(news.alert).substr(0, 16)}};
}

Json own_part(const Letter& letter) {
  const Notification& news = letter.news;
  const AlertNews& first = news.alerts.front();
  return Json::Object{{"event_id", letter.id},
                      {"seq", static_cast<std::int64_t>(news.sequence)},
                      {"level", std::string(to_string(news.level))},
                      {"value", to_json(first.value)},
                      {"threshold", to_json(first.threshold)},
                      {"reason", std::string(to_string(first.reason))},
                      {"repeat", news.repeat},
                      {"late", letter.late},
                      {"route", news.route}};
}

// The first `listed` alerts of the letter.
std::string body_of(const Letter& letter, const std::string& receiver, std::size_t listed) {
  const Notification& news = letter.news;
  Json::Array alerts;
  std::vector<Labels> labels;
  std::vector<Labels> annotations;
  for (const AlertNews& one : news.alerts) {
    if (alerts.size() == listed) break;
    alerts.push_back(alert_json(one, news));
    labels.push_back(prometheus_labels(one));
    annotations.push_back(prometheus_annotations(one));
  }
  const std::size_t left_out = news.alerts.size() - alerts.size() + news.more_firing + news.more_over;
  const bool over = news.kind == Notification::Kind::resolve;
  const Json body(Json::Object{{"version", "4"},
                               {"groupKey", news.key},
                               {"truncatedAlerts", static_cast<std::int64_t>(left_out)},
                               {"status", over ? "resolved" : "firing"},
                               {"receiver", receiver},
                               {"groupLabels", to_json(news.group)},
                               {"commonLabels", to_json(common(labels))},
                               {"commonAnnotations", to_json(common(annotations))},
                               {"externalURL", ""},
                               {"alerts", std::move(alerts)},
                               {"pgvigil", own_part(letter)}});
  return body.dump();
}

std::vector<Secret> words_of(const Secret& secret) {
  std::vector<Secret> result;
  std::string word;
  for (const char c : secret.reveal() + "\n") {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      result.emplace_back(std::exchange(word, {}));
    }
  }
  return result;
}

}  // namespace

std::vector<NotifierPtr> decode_webhook(Section& section, const DecodeContext& context) {
  WebhookOptions options;
  options.receiver = section.text("name");
  options.url = decode_url(section, "url", context.scheme);
  options.secrets = words_of(section.secret("secret"));
  options.authorization = section.secret("authorization");
  for (const Secret& secret : options.secrets) {
    constexpr std::string_view marker = "whsec_";
    const std::string& text = secret.reveal();
    if (text.starts_with(marker) && !decode_base64(text.substr(marker.size())))
      section.fail("a secret that begins with whsec_ goes on in base64");
  }
  if (options.url.empty()) return {};
  return {std::make_shared<WebhookNotifier>(std::move(options))};
}

std::string webhook_signature(const Secret& secret, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  constexpr std::string_view marker = "whsec_";
  const std::string& text = secret.reveal();
  const auto decoded = text.starts_with(marker) ? decode_base64(text.substr(marker.size())) : std::nullopt;
  return "v1," + encode_base64(hmac_sha256(decoded.value_or(text), fmt::format("{}.{}.{}", id, timestamp, body)));
}

ReceiverTraits WebhookNotifier::traits() const {
  return {.form = ChannelPolicy::Form::grouped, .burst = 10, .pace = milliseconds(200)};
}

HttpRequest WebhookNotifier::request(const Letter& letter, std::string body) const {
  const auto since_epoch = std::chrono::floor<seconds>(letter.now).time_since_epoch();
  const std::string timestamp = std::to_string(since_epoch.count());
  HttpRequest result{
      "POST",
      options_.url,
      {{"Content-Type", "application/json"}, {"webhook-id", letter.id}, {"webhook-timestamp", timestamp}},
      {}};
  std::vector<std::string> signatures;
  for (const Secret& secret : options_.secrets)
    signatures.push_back(webhook_signature(secret, letter.id, timestamp, body));
  if (!signatures.empty()) result.headers.emplace_back("webhook-signature", join(signatures, " "));
  if (!options_.authorization.empty()) result.headers.emplace_back("Authorization", options_.authorization.reveal());
  result.body = std::move(body);
  return result;
}

HttpRequest WebhookNotifier::render(std::span<const Letter> letters) const {
  return request(letters.front(), body_of(letters.front(), options_.receiver, max_alerts_listed));
}

HttpRequest WebhookNotifier::render_minimal(const Letter& letter) const {
  return request(letter, body_of(letter, options_.receiver, 1));
}

Verdict WebhookNotifier::judge(const HttpResponse& response) const {
  if (response.status >= 200 && response.status < 300)
    return {.kind = Verdict::Kind::delivered, .status = response.status};
  Verdict verdict = judge_failure(response, "the webhook");
  if (response.status == 400 || response.status == 413 || response.status == 422)
    verdict.kind = Verdict::Kind::payload_refused;
  return verdict;
}

}  // namespace pgvigil
