#include "collectors/import/source_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace pgvigil {

std::string source_text(Section& section, std::string_view key) {
  const auto value = section.value(key);
  return value && value->is_scalar() ? value->written() : "";
}

std::optional<double> source_number(Section& section, std::string_view key) {
  const std::string text = source_text(section, key);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<milliseconds> source_seconds(Section& section, std::string_view key, milliseconds min, milliseconds max,
                                           Problems& report) {
  const std::string text = source_text(section, key);
  if (text.empty() || text == "null" || text == "~") return std::nullopt;
  const auto number = source_number(section, key);
  if (number == 0.0) return std::nullopt;
  if (!number || *number < 0) {
    report.add(section.where(), fmt::format("{}: {} is not carried over: no number of seconds above 0", key, text));
    return std::nullopt;
  }
  constexpr double longest = 1e9;  // what a duration can hold, and then some
  const auto duration = milliseconds(std::llround(std::min(*number, longest) * 1000));
  const auto used = std::clamp(duration, min, max);
  if (used < duration) {
    report.add(section.where(),
               fmt::format("{}: {} s becomes {}, the most that is allowed", key, text, format_duration(used)));
  }
  return used;
}

void for_each_query(Section& root, Problems& report,
                    const std::function<void(const std::string& name, Section& query)>& read) {
  for (const auto& [name, value] : root.members()) {
    if (!value.is_map()) {
      report.add(value.where(), fmt::format("{} is left out: a map with query and metrics is expected", name));
      continue;
    }
    Section query(value);
    read(name, query);
  }
}

std::vector<SourceColumn> source_columns(Section& query, Problems& report) {
  std::vector<SourceColumn> columns;
  const auto metrics = query.value("metrics");
  if (!metrics) return columns;
  const std::vector<YamlValue> maps = metrics->is_list() ? metrics->items() : std::vector<YamlValue>{*metrics};
  for (const YamlValue& map : maps) {
    for (const auto& [key, value] : map.members()) {
      if (key.is_scalar() && value.is_map()) {
        columns.push_back({key.written(), key, Section(value)});
      } else {
        report.add(key.where(), "a column must be a map such as { usage: GAUGE, description: … }");
      }
    }
  }
  return columns;
}

}  // namespace pgvigil
