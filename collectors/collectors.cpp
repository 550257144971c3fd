#include "collectors/collectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/bloat/bloat_reader.h"
#include "collectors/catalog.h"
#include "collectors/database_walk.h"
#include "collectors/headroom/headroom_task.h"
#include "collectors/probe.h"
#include "collectors/session_task.h"
#include "collectors/sql_reader.h"
#include "collectors/statements/statements_task.h"
#include "collectors/waits/wait_sampler.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto probe_name = "probe";
constexpr auto bloat_name = "bloat";

// The collectors that are more than a query.
struct CodedCollector {
  const char* name;
  milliseconds interval;
  TaskPtr (*make)(const CollectorOptions& options, milliseconds interval);
};

const std::array<CodedCollector, 4> coded_collectors{
    {{"statements", StatementsTask::default_interval,
      [](const CollectorOptions& options, milliseconds interval) -> TaskPtr {
        return std::make_unique<StatementsTask>(options.statements, interval);
      }},
     {"wait_sampler", WaitSampler::default_interval,
      [](const CollectorOptions&, milliseconds interval) -> TaskPtr {
        return std::make_unique<WaitSampler>(interval);
      }},
     {"headroom", HeadroomTask::default_interval,
      [](const CollectorOptions&, milliseconds interval) -> TaskPtr {
        return std::make_unique<HeadroomTask>(interval);
      }},
     {"disk_space", DiskSpaceTask::default_interval,
      [](const CollectorOptions& options, milliseconds interval) -> TaskPtr {
        return std::make_unique<DiskSpaceTask>(options.disk_space, interval);
      }}}};

std::vector<std::string> collector_names() {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : built_in_catalog()) names.push_back(entry.name);
  for (const CodedCollector& collector : coded_collectors) names.emplace_back(collector.name);
  names.emplace_back(bloat_name);
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

bool chosen(const CollectorOptions& options, const std::string& name, bool in_preset) {
  if (!options.only.empty()) return contains(options.only, name);
  return (in_preset || contains(options.enabled, name)) && !contains(options.disabled, name);
}

}  // namespace

std::size_t CollectorOptions::series_limit_of(const std::string& name, std::size_t fallback) const {
  const auto limit = series_limits.find(name);
  return limit == series_limits.end() ? fallback : limit->second;
}

milliseconds CollectorOptions::interval_of(const std::string& name, milliseconds fallback) const {
  const auto interval = intervals.find(name);
  return interval == intervals.end() ? fallback : interval->second;
}

CollectorOptions decode_collectors(Section& section) {
  std::vector<std::string> known = collector_names();
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
  if (auto statements = section.section("statements")) options.statements = decode_statements(*statements);
  if (auto disk_space = section.section("disk_space")) options.disk_space = decode_disk_space(*disk_space);
  if (auto bloat = section.section("bloat")) options.bloat = decode_bloat(*bloat);
  section.finish();
  return options;
}

std::vector<CatalogEntry> chosen_catalog(const CollectorOptions& options) {
  std::vector<CatalogEntry> entries = built_in_catalog();
  if (!options.compat) drop_compat(entries);
  std::erase_if(entries, [&](const CatalogEntry& entry) {
    return !chosen(options, entry.name, contains(entry.presets, options.preset));
  });
  for (CatalogEntry& entry : entries) {
    entry.interval = options.interval_of(entry.name, entry.interval);
    entry.max_series = options.series_limit_of(entry.name, entry.max_series);
  }
  return entries;
}

std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target, LocalStore& store,
                                     const Clock& clock) {
  std::vector<TaskPtr> tasks;
  if (options.only.empty() || contains(options.only, probe_name)) {
    tasks.push_back(std::make_unique<Probe>(target, options.interval_of(probe_name, Probe::default_interval)));
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
  if (chosen(options, bloat_name, options.preset != "minimal")) {
    walked.push_back(std::make_unique<BloatReader>(options.bloat, store, clock,
                                                   options.interval_of(bloat_name, BloatReader::default_interval),
                                                   options.series_limit_of(bloat_name, 50000)));
  }
  if (!walked.empty()) tasks.push_back(std::make_unique<DatabaseWalk>(std::move(walked), options.databases));
  for (const CodedCollector& collector : coded_collectors) {
    if (!chosen(options, collector.name, options.preset != "minimal")) continue;
    tasks.push_back(collector.make(options, options.interval_of(collector.name, collector.interval)));
  }
  return tasks;
}

}  // namespace pgvigil
