#include "alerts/lifecycle_json.h"

#include <algorithm>
#include <limits>
#include <string>

namespace pgvigil {

namespace {

Json number(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits);
}

milliseconds time_from(const Json& json) {
  return milliseconds(std::max<std::int64_t>(json.integer(), 0));
}

int count_from(const Json& json, std::int64_t most) {
  return static_cast<int>(std::clamp<std::int64_t>(json.integer(), 0, most));
}

Json timer_json(const HoldTimer& timer) {
  return Json::Object{
      {"held_ms", std::int64_t{timer.held.count()}}, {"running", timer.running}, {"started", timer.started}};
}

HoldTimer timer_from(const Json& json) {
  return {time_from(json["held_ms"]), json["running"].boolean(), json["started"].boolean()};
}

Json window_json(const LookWindow& window) {
  return Json::Object{{"trues", number(window.trues)}, {"known", window.known}};
}

LookWindow window_from(const Json& json) {
  LookWindow window{static_cast<std::uint64_t>(json["trues"].integer()), count_from(json["known"], MOfN::longest)};
  if (window.known < MOfN::longest) window.trues &= (std::uint64_t{1} << static_cast<unsigned>(window.known)) - 1;
  return window;
}

Json level_json(const LifecycleState::LevelState& level) {
  Json::Object members{
      {"active", level.active}, {"rising", timer_json(level.rising)}, {"clearing", timer_json(level.clearing)}};
  if (level.enters != LookWindow{}) members.emplace_back("enters", window_json(level.enters));
  if (level.stays != LookWindow{}) members.emplace_back("stays", window_json(level.stays));
  if (level.acknowledged) members.emplace_back("acknowledged", true);
  return members;
}

LifecycleState::LevelState level_from(const Json& json) {
  return {json["active"].boolean(),    timer_from(json["rising"]), timer_from(json["clearing"]),
          window_from(json["enters"]), window_from(json["stays"]), json["acknowledged"].boolean()};
}

Json flaps_json(const FlapMemory& flaps) {
  Json::Object members{{"calm_ms", std::int64_t{flaps.calm.count()}}, {"seeing", flaps.seeing}};
  if (flaps.flapping) members.emplace_back("flapping", true);
  for (const Level level : all_levels) {
    Json::Array ages;
    for (const milliseconds age : flaps.ended[index_of(level)]) ages.emplace_back(std::int64_t{age.count()});
    if (!ages.empty()) members.emplace_back(std::string(to_string(level)), std::move(ages));
  }
  return members;
}

FlapMemory flaps_from(const Json& json) {
  FlapMemory flaps;
  flaps.calm = time_from(json["calm_ms"]);
  flaps.seeing = json["seeing"].boolean();
  flaps.flapping = json["flapping"].boolean();
  for (const Level level : all_levels) {
    auto& ages = flaps.ended[index_of(level)];
    for (const Json& age : json[to_string(level)].array()) {
      if (std::ssize(ages) < FlappingPolicy::most_cycles) ages.push_back(time_from(age));
    }
  }
  return flaps;
}

}  // namespace

Json to_json(const LifecycleState& state) {
  Json::Object members;
  for (const Level level : all_levels) {
    members.emplace_back(std::string(to_string(level)), level_json(state.levels[index_of(level)]));
  }
  members.emplace_back("absent_runs", state.absent_runs);
  members.emplace_back("last_absent_run", number(state.last_absent_run));
  if (state.missing != HoldTimer{}) members.emplace_back("missing", timer_json(state.missing));
  if (state.flaps != FlapMemory{}) members.emplace_back("flaps", flaps_json(state.flaps));
  return members;
}

LifecycleState lifecycle_from(const Json& json) {
  LifecycleState state;
  for (const Level level : all_levels) state.levels[index_of(level)] = level_from(json[to_string(level)]);
  state.absent_runs = count_from(json["absent_runs"], std::numeric_limits<int>::max());
  state.last_absent_run = static_cast<std::uint64_t>(json["last_absent_run"].integer());
  state.missing = timer_from(json["missing"]);
  state.flaps = flaps_from(json["flaps"]);
  return state;
}

}  // namespace pgvigil
