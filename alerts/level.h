#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace pgvigil {

// How urgent an alert is, in rising order: a warning can wait for office hours, a critical one wakes somebody.
enum class Level { warning, critical };

constexpr std::array<Level, 2> all_levels{Level::warning, Level::critical};

constexpr std::size_t index_of(Level level) {
  return static_cast<std::size_t>(level);
}

constexpr std::string_view to_string(Level level) {
  return level == Level::critical ? "critical" : "warning";
}

constexpr std::optional<Level> parse_level(std::string_view text) {
  for (const Level level : all_levels) {
    if (text == to_string(level)) return level;
  }
  return std::nullopt;
}

}  // namespace pgvigil
