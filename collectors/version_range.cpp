#include "collectors/version_range.h"

#include <algorithm>
#include <charconv>

#include "core/text.h"

namespace pgvigil {

namespace {

std::vector<int> parse_version(std::string_view text) {
  std::vector<int> version;
  for (const std::string& part : split(text, '.')) {
    int number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc() || end == part.data()) return {};
    version.push_back(number);
  }
  return version;
}

bool holds(const std::vector<int>& version, std::string_view comparison, const std::vector<int>& bound) {
  if (comparison == ">=") return version >= bound;
  if (comparison == "<=") return version <= bound;
  if (comparison == ">") return version > bound;
  if (comparison == "<") return version < bound;
  return version == bound;
}

}  // namespace

std::optional<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  range.text_ = std::string(trim(text));
  for (const std::string& word : split(range.text_, ' ')) {
    const std::size_t digits = word.find_first_of("0123456789");
    if (digits == 0 || digits > 2) return std::nullopt;
    Bound bound{word.substr(0, digits), parse_version(word.substr(digits))};
    const bool known = bound.comparison == ">=" || bound.comparison == "<=" || bound.comparison == ">" ||
                       bound.comparison == "<" || bound.comparison == "=";
    if (!known || bound.version.empty()) return std::nullopt;
    range.bounds_.push_back(std::move(bound));
  }
  return range;
}

bool VersionRange::contains(std::string_view version) const {
  const std::vector<int> parsed = parse_version(version);
  return std::all_of(bounds_.begin(), bounds_.end(),
                     [&](const Bound& bound) { return holds(parsed, bound.comparison, bound.version); });
}

}  // namespace pgvigil
