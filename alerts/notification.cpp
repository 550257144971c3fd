#include "alerts/notification.h"

#include "alerts/alert_json.h"
#include "core/error.h"
#include "core/json.h"
#include "core/sha256.h"

namespace pgvigil {

namespace {

std::string_view to_string(Notification::Kind kind) {
  return kind == Notification::Kind::resolve ? "resolve" : "trigger";
}

}  // namespace

std::string Notification::to_json() const {
  const Json json(Json::Object{
      {"channel", channel},
      {"alert", alert},
      {"rule", rule},
      {"instance", instance},
      {"kind", std::string(to_string(kind))},
      {"level", std::string(pgvigil::to_string(level))},
      {"previous", previous ? Json(std::string(pgvigil::to_string(*previous))) : Json()},
      {"reason", std::string(pgvigil::to_string(reason))},
      {"value", pgvigil::to_json(value)},
      {"since", pgvigil::to_json(since)},
      {"at", pgvigil::to_json(at)},
      {"announcement", pgvigil::to_json(announcement)},
  });
  return json.dump();
}

Notification Notification::from_json(std::string_view text) {
  const Json json = Json::parse(text);
  const auto level = parse_level(json["level"].text());
  const auto reason = parse_reason(json["reason"].text());
  if (!level || !reason || json["channel"].text().empty()) {
    throw Error(Error::Kind::invalid, "not a notification of this program");
  }
  Notification result;
  result.channel = json["channel"].text();
  result.alert = json["alert"].text();
  result.rule = json["rule"].text();
  result.instance = json["instance"].text();
  result.kind = json["kind"].text() == "resolve" ? Kind::resolve : Kind::trigger;
  result.level = *level;
  result.previous = parse_level(json["previous"].text());
  result.reason = *reason;
  result.value = value_from(json["value"]);
  result.since = time_from(json["since"]);
  result.at = time_from(json["at"]);
  result.announcement = announcement_from(json["announcement"]);
  return result;
}

std::string incident_key(const Notification& notification) {
  const std::string server = std::to_string(notification.instance.size()) + ":" + notification.instance;
  return "pgvigil:" + sha256_hex(server + notification.alert + std::string(to_string(notification.level)));
}

std::vector<Message> messages_due(std::optional<Level> told, std::optional<Level> wanted, bool incident_per_level) {
  if (told == wanted) return {};
  if (!wanted) return {{Notification::Kind::resolve, *told, std::nullopt}};
  std::vector<Message> result{{Notification::Kind::trigger, *wanted, told}};
  if (told && incident_per_level) result.push_back({Notification::Kind::resolve, *told, std::nullopt});
  return result;
}

}  // namespace pgvigil
