#include "alerts/flapping.h"

#include <algorithm>

namespace pgvigil {

namespace {

void grow_older(FlapMemory& memory, const FlappingPolicy& policy, milliseconds time) {
  memory.calm = std::min(memory.calm + time, policy.window / 2);
  for (auto& ages : memory.ended) {
    for (milliseconds& age : ages) age += time;
    std::erase_if(ages, [&](milliseconds age) { return age > policy.window; });
  }
}

void note_end(std::vector<milliseconds>& ages, const FlappingPolicy& policy) {
  ages.emplace_back(0);
  if (std::ssize(ages) > policy.cycles) ages.erase(ages.begin(), ages.end() - policy.cycles);
}

bool any(const std::array<bool, all_levels.size()>& flags) {
  return std::find(flags.begin(), flags.end(), true) != flags.end();
}

}  // namespace

FlapMemory advance(FlapMemory memory, const FlappingPolicy& policy, const FlapLook& look, milliseconds elapsed) {
  if (policy.cycles == 0) return {};
  if (look.known && memory.seeing) grow_older(memory, policy, elapsed);
  memory.seeing = look.known;
  for (const Level level : all_levels) {
    if (look.ended[index_of(level)]) note_end(memory.ended[index_of(level)], policy);
  }
  if (any(look.began) || any(look.ended)) memory.calm = milliseconds(0);
  const auto enough = [&](const auto& ages) { return std::ssize(ages) >= policy.cycles; };
  const auto none = [](const auto& ages) { return ages.empty(); };
  if (memory.flapping && memory.calm >= policy.window / 2) return {};
  memory.flapping = memory.flapping || std::any_of(memory.ended.begin(), memory.ended.end(), enough);
  if (!memory.flapping && std::all_of(memory.ended.begin(), memory.ended.end(), none)) return {};
  return memory;
}

}  // namespace pgvigil
