#include "collectors/table_rules/table_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "collectors/value_text.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::array<std::pair<std::string_view, TableComparison>, 5> comparisons{{{">", TableComparison::above},
                                                                                   {"<", TableComparison::below},
                                                                                   {"=", TableComparison::equal},
                                                                                   {">=", TableComparison::at_least},
                                                                                   {"<=", TableComparison::at_most}}};

constexpr std::array<std::string_view, 3> levels{"info", "warning", "critical"};

bool holds(double value, TableComparison comparison, double threshold) {
  switch (comparison) {
    case TableComparison::above: return value > threshold;
    case TableComparison::below: return value < threshold;
    case TableComparison::equal: return !(value < threshold) && !(value > threshold);
    case TableComparison::at_least: return value >= threshold;
    case TableComparison::at_most: return value <= threshold;
  }
  return false;
}

// The names of a JSON list of texts, in order of the alphabet; nullopt for any other JSON.
std::optional<std::vector<std::string>> channel_names(const std::string& text) {
  std::vector<std::string> names;
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (json != Json(json.array())) return std::nullopt;
  for (const Json& item : json.array()) {
    if (item.text().empty()) return std::nullopt;
    names.push_back(item.text());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

double TableRule::crossed(double value) const {
  if (std::isnan(value)) return value;
  if (!holds(value, comparison, threshold)) return 0;
  return level == "critical" ? 2 : 1;
}

std::variant<TableRule, std::string> check_row(const AlertRow& row) {
  const auto same = [&](const auto& known) { return known.first == row.comparison; };
  const auto comparison = std::find_if(comparisons.begin(), comparisons.end(), same);
  if (comparison == comparisons.end()) {
    return fmt::format("comparison_operator is '{}'; allowed is > < = >= <=", one_line(row.comparison, 20));
  }
  if (std::find(levels.begin(), levels.end(), row.level) == levels.end()) {
    return fmt::format("alert_level is '{}'; allowed is info, warning, critical", one_line(row.level, 20));
  }
  const auto threshold = number_of(row.threshold);
  if (!threshold) return fmt::format("threshold_value is {}, no finite number", one_line(row.threshold, 40));
  const auto channels = channel_names(row.channels);
  if (!channels) return std::string(R"(notification_channels is no list of names such as ["slack"])");
  if (trim(row.name).empty()) return std::string("alert_name is empty");
  if (trim(row.query).empty()) return std::string("metric_query is empty");
  return TableRule{row.id, row.name, row.query, *threshold, comparison->second, row.level, join(*channels, ",")};
}

}  // namespace pgvigil
