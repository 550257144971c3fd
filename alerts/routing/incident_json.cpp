#include "alerts/routing/incident_json.h"

#include "alerts/alert_json.h"

namespace pgvigil {

namespace {

Json level_json(std::optional<Level> level) {
  return level ? Json(std::string(to_string(*level))) : Json();
}

}  // namespace

Json member_json(const Incident::Member& member) {
  const AlertNews& news = member.news;
  return Json::Object{{"alert", news.alert},
                      {"rule", news.rule},
                      {"instance", news.instance},
                      {"firing", news.firing},
                      {"flapping", news.flapping},
                      {"level", level_json(news.level)},
                      {"previous", level_json(news.previous)},
                      {"reason", std::string(to_string(news.reason))},
                      {"value", to_json(news.value)},
                      {"threshold", to_json(news.threshold)},
                      {"since", to_json(news.since)},
                      {"ended", news.ended ? to_json(*news.ended) : Json()},
                      {"announcement", to_json(news.announcement)},
                      {"highest", level_json(member.highest)},
                      {"unsaid", member.unsaid}};
}

Incident::Member member_from(const Json& json) {
  Incident::Member member;
  AlertNews& news = member.news;
  news.alert = json["alert"].text();
  news.rule = json["rule"].text();
  news.instance = json["instance"].text();
  news.firing = json["firing"].boolean();
  news.flapping = json["flapping"].boolean();
  news.level = parse_level(json["level"].text()).value_or(Level::warning);
  news.previous = parse_level(json["previous"].text());
  news.reason = parse_reason(json["reason"].text()).value_or(Reason::condition);
  news.value = value_from(json["value"]);
  news.threshold = value_from(json["threshold"]);
  news.since = time_from(json["since"]);
  if (!json["ended"].is_null()) news.ended = time_from(json["ended"]);
  news.announcement = announcement_from(json["announcement"]);
  member.highest = parse_level(json["highest"].text()).value_or(news.level);
  member.unsaid = json["unsaid"].boolean();
  return member;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json::Array result;
  for (const std::string& text : texts) result.emplace_back(text);
  return result;
}

std::vector<std::string> texts_from(const Json& json) {
  std::vector<std::string> result;
  for (const Json& text : json.array()) result.push_back(text.text());
  return result;
}

}  // namespace pgvigil
