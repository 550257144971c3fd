#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

namespace pgvigil {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 6> duration_units{
    {{"w", 7LL * 86400 * 1000}, {"d", 86400LL * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}}};

constexpr std::array<Unit, 14> size_units{{{"", 1},
                                           {"B", 1},
                                           {"kB", 1LL << 10},
                                           {"KB", 1LL << 10},
                                           {"KiB", 1LL << 10},
                                           {"MB", 1LL << 20},
                                           {"MiB", 1LL << 20},
                                           {"GB", 1LL << 30},
                                           {"GiB", 1LL << 30},
                                           {"TB", 1LL << 40},
                                           {"TiB", 1LL << 40},
                                           {"PB", 1LL << 50},
                                           {"PiB", 1LL << 50},
                                           {"EiB", 1LL << 60}}};

template <std::size_t N>
std::optional<std::int64_t> factor_of(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

// The whole number at the start of `text`, which is shortened by it.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest == text.data() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return value;
}

std::string_view take_letters(std::string_view& text) {
  const auto length = std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) == 0; });
  const std::string_view letters = text.substr(0, static_cast<std::size_t>(length - text.begin()));
  text.remove_prefix(letters.size());
  return letters;
}

std::optional<std::int64_t> multiply(std::int64_t value, std::int64_t factor) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(value, factor, &result)) return std::nullopt;
  return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<seconds> time;
};

Civil civil(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<seconds>(whole - day)};
}

std::string format_civil(const Civil& c, fmt::format_string<int, unsigned, unsigned, long, long, long> pattern) {
  return fmt::format(pattern, static_cast<int>(c.date.year()), static_cast<unsigned>(c.date.month()),
                     static_cast<unsigned>(c.date.day()), c.time.hours().count(), c.time.minutes().count(),
                     c.time.seconds().count());
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::int64_t previous_factor = std::numeric_limits<std::int64_t>::max();
  while (!text.empty()) {
    const auto value = take_number(text);
    const auto factor = factor_of(duration_units, take_letters(text));
    if (!value || !factor || *factor >= previous_factor) return std::nullopt;
    previous_factor = *factor;
    const auto part = multiply(*value, *factor);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return milliseconds(total);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const auto value = take_number(text);
  const auto factor = factor_of(size_units, text);
  if (!value || !factor) return std::nullopt;
  return multiply(*value, *factor);
}

std::string format_duration(milliseconds duration) {
  if (duration < milliseconds(0)) return "-" + format_duration(-duration);
  std::string result;
  std::int64_t rest = duration.count();
  for (const Unit& unit : duration_units) {
    if (unit.name == "w" || rest < unit.factor) continue;
    result += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return result.empty() ? "0s" : result;
}

std::string format_size(std::int64_t bytes) {
  constexpr std::array<std::string_view, 6> names{"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < names.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, names[unit]);
}

std::string format_time(WallTime time) {
  return format_civil(civil(time), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z");
}

std::string format_time_compact(WallTime time) {
  return format_civil(civil(time), "{:04}{:02}{:02}T{:02}{:02}{:02}Z");
}

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00Z";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t from, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + length, value);
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!day.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  return WallTime(std::chrono::sys_days(day)) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + seconds(number(17, 2));
}

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string_view trim(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string truncate_utf8(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view ellipsis = "…";
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t end = max_bytes < ellipsis.size() ? 0 : max_bytes - ellipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + std::string(max_bytes < ellipsis.size() ? "" : ellipsis);
}

std::string one_line(std::string_view text, std::size_t max_bytes) {
  std::string result;
  bool space = false;
  for (const char c : trim(text)) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (!blank) {
      if (space) result += ' ';
      result += c;
    }
    space = blank;
  }
  return truncate_utf8(result, max_bytes);
}

}  // namespace pgvigil
