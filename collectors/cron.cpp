#include "collectors/cron.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
  std::vector<std::string_view> names;  // the first stands for `min`
};

const std::array<Field, 5>& fields() {
  static const std::array<Field, 5> all{{
      {"minute", 0, 59, {}},
      {"hour", 0, 23, {}},
      {"day of month", 1, 31, {}},
      {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
  }};
  return all;
}

const std::map<std::string, std::string, std::less<>>& shorthands() {
  static const std::map<std::string, std::string, std::less<>> all{
      {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
      {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};
  return all;
}

[[noreturn]] void fail(const Field& field, std::string_view part) {
  throw Error(
      Error::Kind::invalid,
      fmt::format(
          "cron field '{}': '{}' is not allowed; it takes {} to {}{}, *, lists (1,2), ranges (1-5) and steps (*/15)",
          field.name, part, field.min, field.max,
          field.names.empty() ? "" : fmt::format(", {} to {}", field.names.front(), field.names.back())));
}

unsigned parse_value(const Field& field, std::string_view text, std::string_view part) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (lower(text) == field.names[i]) return field.min + static_cast<unsigned>(i);
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.min || value > field.max)
    fail(field, part);
  return value;
}

// "*", "5", "1-5", "*/15", "1-30/2", "5/10": the values it stands for.
std::vector<unsigned> parse_part(const Field& field, const std::string& part) {
  const std::size_t slash = part.find('/');
  const std::string range = part.substr(0, slash);
  unsigned step = 1;
  if (slash != std::string::npos) {
    const std::string text = part.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step == 0) fail(field, part);
  }
  unsigned first = field.min;
  unsigned last = field.max;
  if (range != "*") {
    const std::size_t dash = range.find('-');
    first = parse_value(field, range.substr(0, dash), part);
    if (dash != std::string::npos) {
      last = parse_value(field, range.substr(dash + 1), part);
    } else if (slash == std::string::npos) {
      last = first;
    }
  }
  if (first > last) fail(field, part);
  std::vector<unsigned> values;
  for (unsigned value = first; value <= last; value += step) values.push_back(value);
  return values;
}

template <std::size_t N>
void parse_field(const Field& field, const std::string& text, std::bitset<N>& bits) {
  for (const std::string& part : split(text, ',')) {
    for (const unsigned value : parse_part(field, part)) bits.set(value % N);
  }
}

}  // namespace

Cron Cron::parse(std::string_view expression, std::string_view timezone) {
  Cron cron(TimeZone::find(timezone));
  cron.expression_ = std::string(trim(expression));
  const auto shorthand = shorthands().find(cron.expression_);
  std::vector<std::string> parts;
  for (std::string& part : split(shorthand == shorthands().end() ? cron.expression_ : shorthand->second, ' ')) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  if (parts.size() != 5) {
    throw Error(
        Error::Kind::invalid,
        fmt::format("'{}' has {} fields; cron takes five (minute hour day month weekday) or one of @hourly, @daily, "
                    "@weekly, @monthly, @yearly",
                    cron.expression_, parts.size()));
  }
  parse_field(fields()[0], parts[0], cron.minutes_);
  parse_field(fields()[1], parts[1], cron.hours_);
  parse_field(fields()[2], parts[2], cron.days_);
  parse_field(fields()[3], parts[3], cron.months_);
  parse_field(fields()[4], parts[4], cron.weekdays_);  // 7 wraps to 0, both are Sunday
  cron.any_day_ = parts[2].starts_with('*');
  cron.any_weekday_ = parts[4].starts_with('*');
  cron.follows_elapsed_time_ = parts[0].starts_with('*') || parts[1].starts_with('*');
  return cron;
}

bool Cron::matches_day(std::chrono::year_month_day day) const {
  if (!months_.test(static_cast<unsigned>(day.month()))) return false;
  const bool day_matches = days_.test(static_cast<unsigned>(day.day()));
  const bool weekday_matches = weekdays_.test(std::chrono::weekday(std::chrono::sys_days(day)).c_encoding());
  return any_day_ || any_weekday_ ? day_matches && weekday_matches : day_matches || weekday_matches;
}

namespace {

std::chrono::sys_days local_day(const TimeZone& zone, std::chrono::sys_seconds time) {
  return std::chrono::sys_days(std::chrono::floor<std::chrono::days>(zone.to_local(time)).time_since_epoch());
}

}  // namespace

std::optional<std::chrono::sys_seconds> Cron::first_fixed_on(std::chrono::sys_days day,
                                                             std::chrono::sys_seconds after) const {
  for (unsigned hour = 0; hour < 24; ++hour) {
    for (unsigned minute = 0; hours_.test(hour) && minute < 60; ++minute) {
      if (!minutes_.test(minute)) continue;
      const auto at = zone_.instant_of(
          std::chrono::local_seconds(day.time_since_epoch() + std::chrono::hours(hour) + std::chrono::minutes(minute)));
      if (at > after) return at;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::sys_seconds> Cron::first_elapsed_on(std::chrono::sys_days day,
                                                               std::chrono::sys_seconds after) const {
  // Real minutes, as long as the local day lasts: 23 to 25 hours.
  const auto start = zone_.instant_of(std::chrono::local_seconds(day.time_since_epoch()));
  const std::chrono::sys_seconds next_minute =
      std::chrono::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
  auto time = std::max(start, next_minute);
  for (; local_day(zone_, time) == day; time += std::chrono::minutes(1)) {
    const auto local = zone_.to_local(time).time_since_epoch() - day.time_since_epoch();
    const auto minute_of_day = static_cast<unsigned>(std::chrono::floor<std::chrono::minutes>(local).count());
    if (hours_.test(minute_of_day / 60) && minutes_.test(minute_of_day % 60)) return time;
  }
  return std::nullopt;
}

std::optional<WallTime> Cron::next(WallTime time) const {
  const auto after = std::chrono::floor<seconds>(time);
  const auto first_day = local_day(zone_, after);
  for (auto day = first_day; day < first_day + std::chrono::days(8 * 366); day += std::chrono::days(1)) {
    if (!matches_day(std::chrono::year_month_day(day))) continue;
    const auto found = follows_elapsed_time_ ? first_elapsed_on(day, after) : first_fixed_on(day, after);
    if (found) return WallTime(*found);
  }
  return std::nullopt;
}

}  // namespace pgvigil
