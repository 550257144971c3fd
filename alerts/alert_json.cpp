#include "alerts/alert_json.h"

#include <cmath>
#include <limits>

namespace pgvigil {

Json to_json(const Labels& labels) {
  Json::Object members;
  for (const auto& [name, value] : labels) members.emplace_back(name, value);
  return members;
}

Labels labels_from(const Json& json) {
  Labels result;
  for (const auto& [name, value] : json.object()) result[name] = value.text();
  return result;
}

Json to_json(const Announcement& announcement) {
  return Json::Object{{"subject", announcement.subject},
                      {"labels", to_json(announcement.labels)},
                      {"summary", announcement.summary},
                      {"description", announcement.description},
                      {"runbook", announcement.runbook}};
}

Announcement announcement_from(const Json& json) {
  return {json["subject"].text(), labels_from(json["labels"]), json["summary"].text(), json["description"].text(),
          json["runbook"].text()};
}

Json to_json(std::optional<double> value) {
  if (!value || std::isnan(*value)) return {};
  if (std::isinf(*value)) return *value > 0 ? "+Inf" : "-Inf";
  return *value;
}

std::optional<double> value_from(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if (json.text() == "+Inf") return std::numeric_limits<double>::infinity();
  if (json.text() == "-Inf") return -std::numeric_limits<double>::infinity();
  return json.number();
}

Json to_json(WallTime time) {
  return std::int64_t{time.time_since_epoch().count()};
}

WallTime time_from(const Json& json) {
  return WallTime(WallTime::duration(json.integer()));
}

}  // namespace pgvigil
