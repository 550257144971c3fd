#include "collectors/backup/precise_time.h"

#include <fmt/format.h>

#include <charconv>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t date_and_time = 19;  // 2026-11-21T02:00:00

}  // namespace

std::string format_precise_time(WallTime time) {
  const auto fraction = time - std::chrono::floor<seconds>(time);
  return fmt::format("{}.{:06}Z", format_time(time).substr(0, date_and_time), fraction.count());
}

std::optional<WallTime> parse_precise_time(std::string_view text) {
  constexpr std::string_view fraction_shape = ".000000Z";
  if (text.size() != date_and_time + fraction_shape.size() || text[date_and_time] != '.') return std::nullopt;
  const auto whole = parse_time(std::string(text.substr(0, date_and_time)) + "Z");
  int fraction = 0;
  const char* const first = text.data() + date_and_time + 1;
  const auto [end, error] = std::from_chars(first, first + 6, fraction);
  if (!whole || error != std::errc() || end != first + 6 || *end != 'Z' || fraction < 0) return std::nullopt;
  return *whole + std::chrono::microseconds(fraction);
}

}  // namespace pgvigil
