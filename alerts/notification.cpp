#include "alerts/notification.h"

#include <algorithm>

#include "alerts/alert_json.h"
#include "core/error.h"
#include "core/json.h"
#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// What a stored message may hold: enough for every channel, and a bound for what names and texts from a database can do
// to the outbox.
constexpr std::size_t max_stored = 256UL * 1024;
constexpr std::size_t max_text = 4000;
constexpr std::size_t max_label = 500;
constexpr std::size_t max_labels = 50;

Labels bounded(const Labels& labels) {
  Labels result;
  for (const auto& [name, value] : labels) {
    if (result.size() < max_labels) result.emplace(truncate_utf8(name, max_label), truncate_utf8(value, max_label));
  }
  return result;
}

Announcement bounded(const Announcement& announcement) {
  return {truncate_utf8(announcement.subject, max_text), bounded(announcement.labels),
          truncate_utf8(announcement.summary, max_text), truncate_utf8(announcement.description, max_text),
          truncate_utf8(announcement.runbook, max_text)};
}

Json level_json(const std::optional<Level>& level) {
  return level ? Json(std::string(to_string(*level))) : Json();
}

Json news_json(const AlertNews& news) {
  return Json::Object{{"alert", news.alert},
                      {"rule", news.rule},
                      {"instance", truncate_utf8(news.instance, max_label)},
                      {"firing", news.firing},
                      {"flapping", news.flapping},
                      {"level", std::string(to_string(news.level))},
                      {"previous", level_json(news.previous)},
                      {"reason", std::string(to_string(news.reason))},
                      {"value", to_json(news.value)},
                      {"threshold", to_json(news.threshold)},
                      {"since", to_json(news.since)},
                      {"ended", news.ended ? to_json(*news.ended) : Json()},
                      {"announcement", to_json(bounded(news.announcement))}};
}

Level level_from(const Json& json) {
  const auto level = parse_level(json.text());
  if (!level) throw Error(Error::Kind::invalid, "not a notification of this program");
  return *level;
}

AlertNews news_from(const Json& json) {
  AlertNews news;
  news.alert = json["alert"].text();
  news.rule = json["rule"].text();
  news.instance = json["instance"].text();
  news.firing = json["firing"].boolean();
  news.flapping = json["flapping"].boolean();
  news.level = level_from(json["level"]);
  news.previous = parse_level(json["previous"].text());
  // A reason that a later version gave is no cause to lose the message.
  news.reason = parse_reason(json["reason"].text()).value_or(Reason::condition);
  news.value = value_from(json["value"]);
  news.threshold = value_from(json["threshold"]);
  news.since = time_from(json["since"]);
  if (!json["ended"].is_null()) news.ended = time_from(json["ended"]);
  news.announcement = announcement_from(json["announcement"]);
  return news;
}

// Messages of version 0.1 were about one alert, and each level of it was an incident of its own.
Notification from_first_form(const Json& json) {
  Notification result;
  result.channel = json["channel"].text();
  result.kind = json["kind"].text() == "resolve" ? Notification::Kind::resolve : Notification::Kind::trigger;
  result.at = time_from(json["at"]);
  AlertNews news = news_from(json);
  news.firing = result.kind == Notification::Kind::trigger;
  if (!news.firing) news.ended = result.at;
  result.level = news.level;
  result.sequence = news.firing ? 1 : 2;
  const std::string server = std::to_string(news.instance.size()) + ":" + news.instance;
  result.key = "pgvigil:" + sha256_hex(server + news.alert + std::string(to_string(news.level)));
  result.alerts.push_back(std::move(news));
  return result;
}

}  // namespace

std::string Notification::to_json() const {
  Json::Array listed;
  std::size_t stored = 0;
  std::int64_t unlisted_firing = static_cast<std::int64_t>(more_firing);
  std::int64_t unlisted_over = static_cast<std::int64_t>(more_over);
  for (const AlertNews& news : alerts) {
    Json entry = news_json(news);
    const std::size_t size = entry.dump().size();
    if (listed.empty() || (listed.size() < max_alerts_listed && stored + size <= max_stored)) {
      stored += size;
      listed.push_back(std::move(entry));
    } else {
      ++(news.firing ? unlisted_firing : unlisted_over);
    }
  }
  Json::Array others;
  for (const std::string& name : fallback) others.emplace_back(name);
  const Json json(Json::Object{{"channel", channel},
                               {"route", route},
                               {"key", key},
                               {"sequence", static_cast<std::int64_t>(sequence)},
                               {"group", pgvigil::to_json(bounded(group))},
                               {"kind", kind == Kind::resolve ? "resolve" : "trigger"},
                               {"level", std::string(to_string(level))},
                               {"repeat", repeat},
                               {"at", pgvigil::to_json(at)},
                               {"alerts", std::move(listed)},
                               {"more_firing", unlisted_firing},
                               {"more_over", unlisted_over},
                               {"fallback", std::move(others)}});
  return json.dump();
}

Notification Notification::from_json(std::string_view text) {
  const Json json = Json::parse(text);
  if (json["channel"].text().empty()) throw Error(Error::Kind::invalid, "not a notification of this program");
  if (json["alerts"].is_null()) return from_first_form(json);
  Notification result;
  result.channel = json["channel"].text();
  result.route = json["route"].text();
  result.key = json["key"].text();
  result.sequence = static_cast<std::uint64_t>(std::max<std::int64_t>(json["sequence"].integer(), 1));
  result.group = labels_from(json["group"]);
  result.kind = json["kind"].text() == "resolve" ? Kind::resolve : Kind::trigger;
  result.level = level_from(json["level"]);
  result.repeat = json["repeat"].boolean();
  result.at = time_from(json["at"]);
  for (const Json& entry : json["alerts"].array()) result.alerts.push_back(news_from(entry));
  result.more_firing = static_cast<std::size_t>(std::max<std::int64_t>(json["more_firing"].integer(), 0));
  result.more_over = static_cast<std::size_t>(std::max<std::int64_t>(json["more_over"].integer(), 0));
  for (const Json& name : json["fallback"].array()) result.fallback.push_back(name.text());
  if (result.key.empty() || result.alerts.empty())
    throw Error(Error::Kind::invalid, "not a notification of this program");
  return result;
}

}  // namespace pgvigil
