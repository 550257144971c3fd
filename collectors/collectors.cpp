#include "collectors/collectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/catalog.h"
#include "collectors/coded_collectors.h"
#include "collectors/database_walk.h"
#include "collectors/probe.h"
#include "collectors/session_task.h"
#include "collectors/sql_reader.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto probe_name = "probe";

// What names that the agent and its tasks without a query give begin with, and those that postgres_exporter gives
// itself.
constexpr std::array own_names{"pgvigil_", "process_", "pg_exporter_", "pg_scrape_collector_", "ALERTS", "ALERTS_"};

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

// Why a collector does not run; empty when it does.
std::string why_off(const CollectorOptions& options, const std::string& name, bool in_preset) {
  if (!options.only.empty()) return contains(options.only, name) ? "" : "not asked for";
  if (contains(options.disabled, name)) return "disabled in the configuration";
  return in_preset || contains(options.enabled, name) ? "" : "not in the preset " + options.preset;
}

bool coded_in_preset(const CollectorOptions& options) {
  return options.preset != "minimal";
}

// The built-in ones, and the users' own in place of them or besides them.
std::vector<CatalogEntry> all_entries(const CollectorOptions& options) {
  std::vector<CatalogEntry> entries = built_in_catalog();
  for (const CustomQuery& custom : options.custom.queries) {
    std::erase_if(entries, [&](const CatalogEntry& entry) { return entry.name == custom.entry.name; });
  }
  for (const CustomQuery& custom : options.custom.queries) entries.push_back(custom.entry);
  if (!options.compat) drop_compat(entries);
  return entries;
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
  CollectorOptions options;
  options.custom = decode_custom_queries(section, built_in_catalog(), built_in_names());
  std::vector<std::string> known = collector_names(options);
  options.connections = static_cast<int>(section.integer("connections", options.connections, 3, 20));
  options.preset = section.choice("preset", options.preset, catalog_presets());
  options.compat = section.choice("compat", "postgres_exporter", {"postgres_exporter", "none"}) != "none";
  options.enabled = decode_names(section, "enable", known);
  options.disabled = decode_names(section, "disable", known);
  known.emplace_back(probe_name);  // cannot be disabled: rules that wake people rely on it
  if (auto databases = section.section("databases")) options.databases = decode_database_filter(*databases);
  if (auto limits = section.section("series_limits")) {
    for (const auto& [name, value] : limits->members()) {
      check_name(value, name, known);
      options.series_limits[name] = static_cast<std::size_t>(limits->integer(name, 50000, 1, 100'000'000));
    }
  }
  options.max_series =
      static_cast<std::size_t>(section.integer("max_series", static_cast<int>(options.max_series), 1000, 100'000'000));
  if (auto intervals = section.section("intervals")) {
    for (const auto& [name, value] : intervals->members()) {
      check_name(value, name, known);
      options.intervals[name] = intervals->duration(name, seconds(15), seconds(1), std::chrono::hours(24));
    }
  }
  if (auto statements = section.section("statements")) options.statements = decode_statements(*statements);
  options.statements.compat = options.compat;
  if (auto disk_space = section.section("disk_space")) options.disk_space = decode_disk_space(*disk_space);
  if (auto bloat = section.section("bloat")) options.bloat = decode_bloat(*bloat);
  section.finish();
  return options;
}

std::vector<std::string> collector_names(const CollectorOptions& options) {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : all_entries(options)) names.push_back(entry.name);
  for (const CodedCollector& collector : coded_collectors()) names.emplace_back(collector.name);
  return names;
}

TakenNames built_in_names() {
  TakenNames taken;
  for (const CatalogEntry& entry : built_in_catalog()) taken.take(entry);
  taken.collectors.insert({probe_name, "databases", "table_rules"});
  const auto take = [&taken](const std::string& name, const CodeAccount& account) {
    taken.collectors.insert(name);
    for (const std::string& family : account.families) taken.take(family, "the collector " + name);
  };
  for (const CodedCollector& collector : coded_collectors()) take(collector.name, collector.account);
  take(probe_name, about_probe());
  for (const char* beginning : own_names) taken.take(beginning, "the agent itself");
  return taken;
}

std::vector<PlannedCollector> plan_collectors(const CollectorOptions& options) {
  std::vector<PlannedCollector> plan;
  for (CatalogEntry& entry : all_entries(options)) {
    const auto custom = std::find_if(options.custom.queries.begin(), options.custom.queries.end(),
                                     [&](const CustomQuery& query) { return query.entry.name == entry.name; });
    const std::string origin = custom == options.custom.queries.end() ? "built in" : custom->where;
    entry.interval = options.interval_of(entry.name, entry.interval);
    entry.max_series = options.series_limit_of(entry.name, entry.max_series);
    std::string off = why_off(options, entry.name, contains(entry.presets, options.preset));
    plan.push_back({std::move(entry), origin, std::move(off)});
  }
  return plan;
}

std::vector<CatalogEntry> chosen_catalog(const CollectorOptions& options) {
  std::vector<CatalogEntry> entries;
  for (PlannedCollector& collector : plan_collectors(options)) {
    if (collector.off.empty()) entries.push_back(std::move(collector.entry));
  }
  return entries;
}

std::vector<PlannedCode> plan_coded_collectors(const CollectorOptions& options) {
  std::vector<PlannedCode> plan;
  plan.push_back({probe_name, options.interval_of(probe_name, Probe::default_interval), {}, &about_probe()});
  for (const CodedCollector& collector : coded_collectors()) {
    plan.push_back({collector.name, options.interval_of(collector.name, collector.interval),
                    why_off(options, collector.name, coded_in_preset(options)), &collector.account});
  }
  return plan;
}

std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target, LocalStore& store,
                                     const Clock& clock, const std::vector<RuleQuery>& rules) {
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
  for (const RuleQuery& rule : rules) {
    auto reader = std::make_unique<RuleQueryReader>(rule);
    if (rule.each_database) {
      walked.push_back(std::move(reader));
    } else {
      tasks.push_back(std::make_unique<SessionTask>(std::move(reader), rule.database));
    }
  }
  for (const CodedCollector& collector : coded_collectors()) {
    if (!why_off(options, collector.name, coded_in_preset(options)).empty()) continue;
    const CodedSetup setup{options, store, clock, options.interval_of(collector.name, collector.interval),
                           options.series_limit_of(collector.name, 50000)};
    if (collector.make_task != nullptr) {
      tasks.push_back(collector.make_task(setup));
    } else {
      walked.push_back(collector.make_reader(setup));
    }
  }
  if (!walked.empty()) tasks.push_back(std::make_unique<DatabaseWalk>(std::move(walked), options.databases));
  return tasks;
}

}  // namespace pgvigil
