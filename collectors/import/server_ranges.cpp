#include "collectors/import/server_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr int oldest = 13;
constexpr int no_bound = 1 << 20;

// Major versions from `lower` to before `upper`.
struct Majors {
  int lower = 0;
  int upper = no_bound;
  bool exact = true;
  bool understood = true;

  void at_least(int major) { lower = std::max(lower, major); }
  void before(int major) { upper = std::min(upper, major); }
  bool empty() const { return upper <= oldest || lower >= upper; }
  VersionRange range() const {
    std::string text;
    if (lower > oldest) text = fmt::format(">={}", lower);
    if (upper < no_bound) text += fmt::format("{}<{}", text.empty() ? "" : " ", upper);
    return text.empty() ? VersionRange() : VersionRange::parse(text).value_or(VersionRange());
  }
};

void add(ServerRanges& ranges, const Majors& majors) {
  ranges.exact = ranges.exact && majors.exact;
  ranges.understood = ranges.understood && majors.understood;
  if (majors.understood && !majors.empty()) ranges.any_of.push_back(majors.range());
}

struct Semver {
  int major = 0;
  bool minor = false;  // whether a number other than 0 follows
};

std::optional<Semver> parse_semver(std::string_view text) {
  Semver version;
  const std::vector<std::string> parts = split(text, '.');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    int number = 0;
    const std::string& part = parts[i];
    if (i > 0 && part == "x") continue;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
    if (i == 0) version.major = number;
    if (i > 0 && number > 0) version.minor = true;
  }
  return version;
}

void narrow(Majors& majors, std::string_view comparison, const Semver& version) {
  const int major = version.major;
  // From 10 on the second number is a minor version, between which no query differs.
  if (comparison == ">=" || comparison == ">") {
    majors.at_least(major);
    majors.exact = majors.exact && (!version.minor || major < oldest);
  } else if (comparison == "<" && !version.minor) {
    majors.before(major);
  } else if (comparison == "<" || comparison == "<=") {
    majors.before(major + 1);
    majors.exact = majors.exact && major < oldest;
  } else if (comparison == "=" || comparison == "==" || comparison.empty()) {
    majors.at_least(major);
    majors.before(major + 1);
    majors.exact = majors.exact && major < oldest;
  } else {
    majors.understood = false;
  }
}

Majors parse_alternative(std::string_view text) {
  Majors majors;
  std::string_view rest = trim(text);
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_of("0123456789"), rest.size());
    const std::size_t end = std::min(rest.find_first_not_of("0123456789.x", digits), rest.size());
    const auto version = parse_semver(rest.substr(digits, end - digits));
    if (!version) {
      majors.understood = false;
      break;
    }
    narrow(majors, trim(rest.substr(0, digits)), *version);
    rest = trim(rest.substr(end));
  }
  return majors;
}

int parse_number(std::string_view text, bool& understood) {
  if (text.empty()) return 0;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  understood = understood && error == std::errc() && end == text.data() + text.size();
  return number;
}

}  // namespace

ServerRanges from_semver(std::string_view text) {
  ServerRanges ranges;
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find("||", start), text.size());
    add(ranges, parse_alternative(text.substr(start, end - start)));
    start = end + 2;
  }
  return ranges;
}

ServerRanges from_version_numbers(std::string_view min_version, std::string_view max_version) {
  constexpr int per_major = 10000;
  Majors majors;
  const int min = parse_number(min_version, majors.understood);
  const int max = parse_number(max_version, majors.understood);
  majors.at_least(min / per_major);
  if (max > 0) majors.before((max + per_major - 1) / per_major);
  const auto whole = [&](int bound) { return bound % per_major == 0 || bound / per_major < oldest; };
  majors.exact = whole(min) && whole(max);
  ServerRanges ranges;
  add(ranges, majors);
  return ranges;
}

}  // namespace pgvigil
