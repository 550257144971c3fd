#include "alerts/notifiers/alertmanager.h"

#include <algorithm>

#include "alerts/alert_json.h"
#include "alerts/notifiers/prometheus_alert.h"
#include "core/json.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// As many as Prometheus sends at once.
constexpr std::size_t max_batch = 256;

std::string api_of(const Secret& url) {
  std::string base = url.reveal();
  while (base.ends_with('/')) base.pop_back();
  return base + "/api/v2/alerts";
}

std::vector<Secret> decode_urls(Section& section, const DecodeContext& context) {
  const auto list = section.value("urls");
  if (!list) {
    Secret url = decode_url(section, "url", context.scheme);
    return url.empty() ? std::vector<Secret>() : std::vector<Secret>{url};
  }
  std::vector<Secret> urls;
  for (const YamlValue& item : list->items()) {
    Secret url(item.text().value_or(""));
    check_url(url, context.scheme, item);
    urls.push_back(std::move(url));
  }
  if (urls.empty()) list->fail("at least one address is expected");
  return urls;
}

}  // namespace

std::vector<NotifierPtr> decode_alertmanager(Section& section, const DecodeContext& context) {
  const Secret authorization = section.secret("authorization");
  const milliseconds refresh = std::max(context.interval, milliseconds(60'000));
  std::vector<NotifierPtr> notifiers;
  for (Secret& url : decode_urls(section, context)) {
    notifiers.push_back(
        std::make_shared<AlertmanagerNotifier>(AlertmanagerOptions{std::move(url), authorization, refresh}));
  }
  return notifiers;
}

ReceiverTraits AlertmanagerNotifier::traits() const {
  return {.form = ChannelPolicy::Form::per_alert,
          .level_in_key = true,
          .refresh_every = options_.refresh,
          .burst = 20,
          .pace = milliseconds(100),
          .batch = max_batch};
}

HttpRequest AlertmanagerNotifier::request(std::span<const Letter> letters, Form form) const {
  Json::Array alerts;
  for (const Letter& letter : letters) {
    for (const AlertNews& news : letter.news.alerts) {
      const bool whole = form == Form::whole;
      const WallTime end = end_of(news, letter.news).value_or(letter.now + 4 * options_.refresh);
      alerts.emplace_back(Json::Object{{"labels", to_json(whole ? prometheus_labels(news) : identifying_labels(news))},
                                       {"annotations", to_json(whole ? prometheus_annotations(news) : Labels())},
                                       {"startsAt", format_time(news.since)},
                                       {"endsAt", format_time(std::max(end, news.since + seconds(1)))}});
    }
  }
  HttpRequest result{
      "POST", Secret(api_of(options_.url)), {{"Content-Type", "application/json"}}, Json(std::move(alerts)).dump()};
  if (!options_.authorization.empty()) result.headers.emplace_back("Authorization", options_.authorization.reveal());
  return result;
}

HttpRequest AlertmanagerNotifier::render(std::span<const Letter> letters) const {
  return request(letters, Form::whole);
}

HttpRequest AlertmanagerNotifier::render_minimal(const Letter& letter) const {
  return request({&letter, 1}, Form::minimal);
}

Verdict AlertmanagerNotifier::judge(const HttpResponse& response) const {
  if (response.status == 200) return {.kind = Verdict::Kind::delivered, .status = response.status};
  Verdict verdict = judge_failure(response, "Alertmanager");
  // Some alert is not valid; the valid ones of the batch were taken.
  if (response.status == 400) verdict.kind = Verdict::Kind::payload_refused;
  return verdict;
}

}  // namespace pgvigil
