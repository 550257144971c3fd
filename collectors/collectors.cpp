#include "collectors/collectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/catalog.h"
#include "collectors/probe.h"
#include "collectors/sql_collector.h"
#include "core/text.h"

namespace pgvigil {

namespace {

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

}  // namespace

CollectorOptions decode_collectors(Section& section) {
  const std::vector<std::string> known = catalog_names();
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
  if (auto intervals = section.section("intervals")) {
    for (const auto& [name, value] : intervals->members()) {
      check_name(value, name, known);
      options.intervals[name] = intervals->duration(name, seconds(15), seconds(1), std::chrono::hours(24));
    }
  }
  section.finish();
  return options;
}

std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target) {
  std::vector<TaskPtr> tasks;
  tasks.push_back(std::make_unique<Probe>(target));
  for (CatalogEntry& entry : built_in_catalog()) {
    if (std::find(options.disabled.begin(), options.disabled.end(), entry.name) != options.disabled.end()) continue;
    const auto interval = options.intervals.find(entry.name);
    if (interval != options.intervals.end()) entry.interval = interval->second;
    tasks.push_back(std::make_unique<SqlCollector>(std::move(entry)));
  }
  return tasks;
}

}  // namespace pgvigil
