#include "collectors/collectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/catalog.h"
#include "collectors/database_walk.h"
#include "collectors/probe.h"
#include "collectors/session_task.h"
#include "collectors/sql_reader.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto probe_name = "probe";

std::vector<std::string> catalog_names() {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : built_in_catalog()) names.push_back(entry.name);
  return names;
}

void check_name(const YamlValue& value, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const auto guess = closest(name, known);
  value.fail(fmt::format("there is no collector '{}'; {}", name,
                         guess ? fmt::format("did you mean {}?", *guess) : "allowed is " + join(known, ", ")));
}

std::vector<std::string> decode_names(Section& section, std::string_view key, const std::vector<std::string>& known) {
  std::vector<std::string> names;
  const auto list = section.value(key);
  if (!list) return names;
  for (const YamlValue& item : list->items()) {
    const auto name = item.text();
    if (!name) continue;
    check_name(item, *name, known);
    names.push_back(*name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

CollectorOptions decode_collectors(Section& section) {
  std::vector<std::string> known = catalog_names();
  CollectorOptions options;
  options.connections = static_cast<int>(section.integer("connections", options.connections, 3, 20));
  options.preset = section.choice("preset", options.preset, catalog_presets());
  options.compat = section.choice("compat", "postgres_exporter", {"postgres_exporter", "none"}) != "none";
  options.enabled = decode_names(section, "enable", known);
  options.disabled = decode_names(section, "disable", known);
  if (auto databases = section.section("databases")) options.databases = decode_database_filter(*databases);
  if (auto limits = section.section("series_limits")) {
    for (const auto& [name, value] : limits->members()) {
      check_name(value, name, known);
      options.series_limits[name] = static_cast<std::size_t>(limits->integer(name, 50000, 1, 100'000'000));
    }
  }
  known.emplace_back(probe_name);  // cannot be disabled: rules that wake people rely on it
  if (auto intervals = section.section("intervals")) {
    for (const auto& [name, value] : intervals->members()) {
      check_name(value, name, known);
      options.intervals[name] = intervals->duration(name, seconds(15), seconds(1), std::chrono::hours(24));
    }
  }
  section.finish();
  return options;
}

std::vector<CatalogEntry> chosen_catalog(const CollectorOptions& options) {
  std::vector<CatalogEntry> entries = built_in_catalog();
  if (!options.compat) drop_compat(entries);
  std::erase_if(entries, [&](const CatalogEntry& entry) {
    if (!options.only.empty()) return !contains(options.only, entry.name);
    const bool chosen = contains(entry.presets, options.preset) || contains(options.enabled, entry.name);
    return !chosen || contains(options.disabled, entry.name);
  });
  for (CatalogEntry& entry : entries) {
    const auto interval = options.intervals.find(entry.name);
    if (interval != options.intervals.end()) entry.interval = interval->second;
    const auto limit = options.series_limits.find(entry.name);
    if (limit != options.series_limits.end()) entry.max_series = limit->second;
  }
  return entries;
}

std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target) {
  std::vector<TaskPtr> tasks;
  const auto probe_interval = options.intervals.find(probe_name);
  if (options.only.empty() || contains(options.only, probe_name)) {
    tasks.push_back(std::make_unique<Probe>(
        target, probe_interval == options.intervals.end() ? Probe::default_interval : probe_interval->second));
  }
  std::vector<ReaderPtr> walked;
  for (CatalogEntry& entry : chosen_catalog(options)) {
    const Scope scope = entry.scope;
    auto reader = std::make_unique<SqlReader>(std::move(entry));
    if (scope == Scope::database) {
      walked.push_back(std::move(reader));
    } else {
      tasks.push_back(std::make_unique<SessionTask>(std::move(reader)));
    }
  }
  if (!walked.empty()) tasks.push_back(std::make_unique<DatabaseWalk>(std::move(walked), options.databases));
  return tasks;
}

}  // namespace pgvigil
