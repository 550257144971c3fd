#include "alerts/routing/mute_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::array<std::string_view, 7> day_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<int> two_digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.size() != 2 || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "08:00"; 24:00 is the end of the day.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2));
  const auto minute = two_digits(text.substr(3));
  if (!hour || !minute || *hour < 0 || *minute < 0 || *minute > 59) return std::nullopt;
  const auto result = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  return result <= std::chrono::hours(24) ? std::optional(result) : std::nullopt;
}

std::chrono::minutes decode_time(Section& section, std::string_view key, std::chrono::minutes fallback) {
  const auto value = section.value(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return fallback;
  const auto time = parse_time_of_day(*text);
  if (!time) value->fail(fmt::format("{} is no time of day such as \"08:00\"", value->shown()));
  return time.value_or(fallback);
}

std::bitset<7> decode_days(Section& section) {
  std::bitset<7> days;
  const auto value = section.value("days");
  if (!value) return days.set();
  for (const std::string& name : section.texts("days")) {
    const auto* const found = std::find(day_names.begin(), day_names.end(), lower(name));
    if (found == day_names.end()) {
      value->fail(fmt::format("'{}' is no day; allowed are {}", name, fmt::join(day_names, ", ")));
    } else {
      days.set(static_cast<std::size_t>(found - day_names.begin()));
    }
  }
  return days;
}

}  // namespace

bool MuteTime::active(WallTime now) const {
  const auto local = zone.to_local(std::chrono::floor<seconds>(now));
  const auto today = std::chrono::floor<std::chrono::days>(local);
  const auto time = local - today;
  const auto listed = [this](std::chrono::local_days day) { return days.test(std::chrono::weekday(day).c_encoding()); };
  if (from < to) return listed(today) && time >= from && time < to;
  return (listed(today) && time >= from) || (listed(today - std::chrono::days(1)) && time < to);
}

MuteTime decode_mute_time(Section& section) {
  MuteTime result;
  result.name = section.require_text("name");
  result.days = decode_days(section);
  result.from = decode_time(section, "from", result.from);
  result.to = decode_time(section, "to", result.to);
  if (const auto value = section.value("timezone")) {
    try {
      if (const auto name = value->text()) result.zone = TimeZone::find(*name);
    } catch (const Error& error) {
      value->fail(error.what());
    }
  }
  section.finish();
  return result;
}

}  // namespace pgvigil
