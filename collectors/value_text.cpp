#include "collectors/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace pgvigil {

namespace {

// Takes what the server printed apart, from left to right. What does not fit leaves `good` false for ever.
struct Scanner {
  std::string_view rest;
  bool good = true;

  int digits(std::size_t least) {
    int value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    const auto length = static_cast<std::size_t>(end - rest.data());
    good = good && error == std::errc() && length >= least && rest.front() != '-';
    if (good) rest.remove_prefix(length);
    return value;
  }
  bool skip(char expected) {
    if (!good || rest.empty() || rest.front() != expected) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char expected) { good = skip(expected) && good; }
};

double time_of_day(Scanner& text) {
  const int hours = text.digits(2);
  text.expect(':');
  const int minutes = text.digits(2);
  text.expect(':');
  double seconds = text.digits(2);
  if (text.skip('.')) {
    double weight = 0.1;
    for (; !text.rest.empty() && text.rest.front() >= '0' && text.rest.front() <= '9'; weight /= 10) {
      seconds += weight * (text.rest.front() - '0');
      text.rest.remove_prefix(1);
    }
  }
  return hours * 3600.0 + minutes * 60.0 + seconds;
}

// "+02", "-03:30", in the far past also with seconds.
double zone(Scanner& text) {
  const bool west = text.skip('-');
  if (!west && !text.skip('+')) return 0;
  double offset = text.digits(2) * 3600.0;
  if (text.skip(':')) offset += text.digits(2) * 60.0;
  if (text.skip(':')) offset += text.digits(2);
  return west ? -offset : offset;
}

std::optional<double> timestamp(std::string_view printed) {
  Scanner text{printed};
  const int year = text.digits(4);
  text.expect('-');
  const auto month = static_cast<unsigned>(text.digits(2));
  text.expect('-');
  const auto day = static_cast<unsigned>(text.digits(2));
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!text.good || !date.ok()) return std::nullopt;
  double seconds = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400.0;
  if (text.skip(' ')) {
    seconds += time_of_day(text);
    seconds -= zone(text);
  }
  if (!text.good || !text.rest.empty()) return std::nullopt;
  return seconds;
}

// OIDs of pg_type, which never change: bool, int8, int2, int4, oid, xid, float4, float8, date, timestamp, timestamptz,
// numeric, xid8.
constexpr std::array<unsigned, 13> number_types{16, 20, 21, 23, 26, 28, 700, 701, 1082, 1114, 1184, 1700, 5069};

}  // namespace

std::optional<double> number_of(std::string_view text) {
  if (text == "t") return 1;
  if (text == "f") return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return timestamp(text);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_number_type(unsigned oid) {
  return std::find(number_types.begin(), number_types.end(), oid) != number_types.end();
}

std::string number_remedy(unsigned oid, std::string_view column) {
  constexpr unsigned interval = 1186;
  constexpr unsigned lsn = 3220;
  if (oid == interval) return fmt::format("use EXTRACT(EPOCH FROM {})", column);
  if (oid == lsn) return fmt::format("use pg_wal_lsn_diff({}, '0/0')", column);
  return fmt::format("cast it to a number, such as {}::float8", column);
}

}  // namespace pgvigil
