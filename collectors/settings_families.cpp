#include "collectors/settings_families.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace pgvigil {

namespace {

struct Unit {
  std::string_view suffix;
  double factor = 1;
};

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Unit> time_unit(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, double>, 6> known{
      {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}}};
  const auto* const found =
      std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == unit; });
  if (found == known.end()) return std::nullopt;
  return Unit{"_seconds", found->second};
}

// "B", "kB", "8kB", "16MB": what counts in pages says how large they are.
std::optional<Unit> size_unit(std::string_view unit) {
  double count = 1;
  const auto* const end = unit.data() + unit.size();
  const auto [rest, error] = std::from_chars(unit.data(), end, count);
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  constexpr std::array<std::pair<std::string_view, double>, 5> known{
      {{"B", 1}, {"kB", 1024.0}, {"MB", 1048576.0}, {"GB", 1073741824.0}, {"TB", 1099511627776.0}}};
  const auto* const found =
      std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == name; });
  if (found == known.end()) return std::nullopt;
  return Unit{"_bytes", count * found->second};
}

std::string metric_name(std::string_view setting, std::string_view suffix) {
  std::string name = "pg_settings_";
  for (const char c : setting) {
    const bool usable = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += usable ? c : '_';
  }
  return name.append(suffix);
}

Family gauge(const ServerSetting& setting, const Unit& unit, double value) {
  Family family;
  family.name = metric_name(setting.name, unit.suffix);
  family.help = setting.meaning;
  family.samples.push_back({{}, value});
  return family;
}

}  // namespace

std::optional<Family> settings_family(const ServerSetting& setting) {
  if (setting.type == "bool") {
    if (setting.value != "on" && setting.value != "off") return std::nullopt;
    return gauge(setting, {}, setting.value == "on" ? 1 : 0);
  }
  if (setting.type != "integer" && setting.type != "real") return std::nullopt;
  const auto value = parse_number(setting.value);
  if (!value) return std::nullopt;
  if (setting.unit.empty()) return gauge(setting, {}, *value);
  const auto time = time_unit(setting.unit);
  const auto unit = time ? time : size_unit(setting.unit);
  if (!unit) return std::nullopt;
  // -1 says "none" or "as another setting", whatever the unit.
  return gauge(setting, *unit, *value > 0 ? *value * unit->factor : *value);
}

}  // namespace pgvigil
