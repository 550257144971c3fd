#include "collectors/collectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/catalog.h"
#include "collectors/headroom/headroom_task.h"
#include "collectors/probe.h"
#include "collectors/sql_collector.h"
#include "collectors/statements/statements_task.h"
#include "collectors/waits/wait_sampler.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto probe_name = "probe";

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
  return names;
}

void check_name(const YamlValue& value, const std::string& name, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const auto guess = closest(name, known);
  value.fail(fmt::format("there is no collector '{}'; {}", name,
                         guess ? fmt::format("did you mean {}?", *guess) : "allowed is " + join(known, ", ")));
}

}  // namespace

CollectorOptions decode_collectors(Section& section) {
  std::vector<std::string> known = collector_names();
  CollectorOptions options;
  options.connections = static_cast<int>(section.integer("connections", options.connections, 2, 20));
  if (const auto disable = section.value("disable")) {
    for (const YamlValue& item : disable->items()) {
      const auto name = item.text();
      if (!name) continue;
      check_name(item, *name, known);
      options.disabled.push_back(*name);
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
  section.finish();
  return options;
}

std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target) {
  const auto interval_of = [&](const std::string& name, milliseconds fallback) {
    const auto interval = options.intervals.find(name);
    return interval == options.intervals.end() ? fallback : interval->second;
  };
  const auto disabled = [&](const std::string& name) {
    return std::find(options.disabled.begin(), options.disabled.end(), name) != options.disabled.end();
  };
  std::vector<TaskPtr> tasks;
  tasks.push_back(std::make_unique<Probe>(target, interval_of(probe_name, Probe::default_interval)));
  for (CatalogEntry& entry : built_in_catalog()) {
    if (disabled(entry.name)) continue;
    entry.interval = interval_of(entry.name, entry.interval);
    tasks.push_back(std::make_unique<SqlCollector>(std::move(entry)));
  }
  for (const CodedCollector& collector : coded_collectors) {
    if (disabled(collector.name)) continue;
    tasks.push_back(collector.make(options, interval_of(collector.name, collector.interval)));
  }
  return tasks;
}

}  // namespace pgvigil
