#include "tests/support/catalog_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "collectors/session_task.h"
#include "collectors/sql_reader.h"

namespace pgvigil {

namespace {

const CatalogEntry& entry_named(std::string_view name) {
  static const std::vector<CatalogEntry> catalog = built_in_catalog();
  const auto found =
      std::find_if(catalog.begin(), catalog.end(), [&](const auto& entry) { return entry.name == name; });
  if (found == catalog.end()) throw std::runtime_error(fmt::format("no collector {}", name));
  return *found;
}

PgOptions agent_options(const PgCluster& cluster, std::string_view database, std::string_view role) {
  PgOptions options;
  options.conninfo = cluster.conninfo(database, role);
  return options;
}

bool has_labels(const Family& family, const SeriesView& sample, const CatalogReader::Labels& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto name = std::find(family.label_names.begin(), family.label_names.end(), label.first);
    return name != family.label_names.end() &&
           sample.label_values[static_cast<std::size_t>(name - family.label_names.begin())] == label.second;
  });
}

}  // namespace

void create_monitoring_role(const PgCluster& cluster, std::string_view role) {
  cluster.execute(fmt::format("CREATE ROLE {} LOGIN", role));
  cluster.execute(fmt::format("GRANT pg_monitor TO {}", role));
}

CatalogReader::CatalogReader(const PgCluster& cluster, std::string_view database, std::string_view role)
    : connections_(agent_options(cluster, database, role), 1, clock_) {}

CatalogReader::Run CatalogReader::run(std::string_view collector) {
  SessionTask task(std::make_unique<SqlReader>(entry_named(collector)));
  RunContext context{connections_, clock_, clock_.steady_now() + task.info().timeout, {}, {}};
  Run result;
  result.families = task.run(context);
  for (Family& family : result.families) {
    Samples known;
    for (const SeriesView sample : family.samples) {
      const auto& labels = sample.label_values;
      if (!std::isnan(sample.value)) known.push_back({{labels.begin(), labels.end()}, sample.value});
    }
    family.samples = std::move(known);
  }
  result.skipped = context.skipped;
  return result;
}

std::optional<double> CatalogReader::value(std::string_view collector, std::string_view metric, const Labels& labels) {
  const Family found = family(collector, metric);
  std::optional<double> result;
  for (const SeriesView sample : found.samples) {
    if (!has_labels(found, sample, labels)) continue;
    if (result) throw std::runtime_error(fmt::format("{} has several series with these labels", metric));
    result = sample.value;
  }
  return result;
}

double CatalogReader::sum(std::string_view collector, std::string_view metric) {
  double result = 0;
  for (const SeriesView sample : family(collector, metric).samples) result += sample.value;
  return result;
}

Family CatalogReader::family(std::string_view collector, std::string_view metric) {
  for (Family& family : run(collector).families) {
    if (family.name == metric) return std::move(family);
  }
  throw std::runtime_error(fmt::format("{} has no metric {}", collector, metric));
}

}  // namespace pgvigil
