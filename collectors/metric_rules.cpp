#include "collectors/metric_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace pgvigil {

namespace {

struct Unit {
  std::string_view word;
  std::string_view base;
};
constexpr std::array<Unit, 17> units{{{"milliseconds", "seconds (scale: 0.001)"},
                                      {"ms", "seconds (scale: 0.001)"},
                                      {"millis", "seconds (scale: 0.001)"},
                                      {"microseconds", "seconds (scale: 0.000001)"},
                                      {"us", "seconds (scale: 0.000001)"},
                                      {"minutes", "seconds (scale: 60)"},
                                      {"hours", "seconds (scale: 3600)"},
                                      {"days", "seconds (scale: 86400)"},
                                      {"kb", "bytes (scale: 1024)"},
                                      {"mb", "bytes (scale: 1048576)"},
                                      {"gb", "bytes (scale: 1073741824)"},
                                      {"kilobytes", "bytes (scale: 1024)"},
                                      {"megabytes", "bytes (scale: 1048576)"},
                                      {"gigabytes", "bytes (scale: 1073741824)"},
                                      {"percent", "ratio (0 to 1, scale: 0.01)"},
                                      {"percentage", "ratio (0 to 1, scale: 0.01)"},
                                      {"pct", "ratio (0 to 1, scale: 0.01)"}}};

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> metric_advice(const CatalogColumn& column) {
  const std::string& name = column.metric;
  std::vector<std::string> advice;
  const auto say = [&](const std::string& what) { advice.push_back(fmt::format("{}: {}", name, what)); };
  if (name != lower(name)) say("names are written in lower case");
  if (column.usage == CatalogColumn::Usage::counter && !name.ends_with("_total")) say("a counter ends in _total");
  if (column.usage == CatalogColumn::Usage::gauge && name.ends_with("_total")) say("_total is for counters");
  if (column.usage != CatalogColumn::Usage::gauge && name.ends_with("_info")) say("_info is for a gauge that is 1");
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) say(fmt::format("{} is for parts of a histogram", suffix));
  }
  const std::vector<std::string> words = split(name, '_');
  for (const Unit& unit : units) {
    if (has_word(words, unit.word)) say(fmt::format("{} is no base unit; use {}", unit.word, unit.base));
  }
  return advice;
}

}  // namespace

std::string forbidden(const CatalogColumn& column) {
  if (column.is_label() && (column.name == "le" || column.name == "quantile")) {
    return fmt::format("the label {} is reserved for histograms and summaries", column.name);
  }
  if (column.is_value() && column.metric.starts_with("pgvigil_")) {
    return fmt::format("{}: names that begin with pgvigil_ are the agent's own", column.metric);
  }
  return {};
}

std::vector<std::string> naming_advice(const CatalogColumn& column) {
  if (column.is_value()) return metric_advice(column);
  if (column.is_label() && (column.name == "instance" || column.name == "job")) {
    return {fmt::format("the label {} is set by Prometheus, which renames this one to exported_{}", column.name,
                        column.name)};
  }
  return {};
}

}  // namespace pgvigil
