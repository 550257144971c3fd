#include "alerts/alert_json.h"

#include <cmath>
#include <limits>

namespace pgvigil {

namespace {

Json timer_json(const HoldTimer& timer) {
  return Json::Object{
      {"held_ms", std::int64_t{timer.held.count()}}, {"running", timer.running}, {"started", timer.started}};
}

HoldTimer timer_from(const Json& json) {
  return {milliseconds(json["held_ms"].integer()), json["running"].boolean(), json["started"].boolean()};
}

}  // namespace

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

Json to_json(const LifecycleState& state) {
  Json::Object members;
  for (const Level level : all_levels) {
    const auto& current = state.levels[index_of(level)];
    members.emplace_back(std::string(to_string(level)), Json::Object{{"active", current.active},
                                                                     {"rising", timer_json(current.rising)},
                                                                     {"clearing", timer_json(current.clearing)}});
  }
  members.emplace_back("absent_runs", state.absent_runs);
  members.emplace_back("last_absent_run", static_cast<std::int64_t>(state.last_absent_run));
  return members;
}

LifecycleState lifecycle_from(const Json& json) {
  LifecycleState state;
  for (const Level level : all_levels) {
    const Json& saved = json[to_string(level)];
    state.levels[index_of(level)] = {saved["active"].boolean(), timer_from(saved["rising"]),
                                     timer_from(saved["clearing"])};
  }
  state.absent_runs = static_cast<int>(json["absent_runs"].integer());
  state.last_absent_run = static_cast<std::uint64_t>(json["last_absent_run"].integer());
  return state;
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
