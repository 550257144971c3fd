#pragma once

#include <map>
#include <string>
#include <vector>

#include "collectors/catalog.h"
#include "collectors/database_filter.h"
#include "collectors/task.h"
#include "core/pg_connection.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The section `collectors` of the configuration.
struct CollectorOptions {
  int connections = 3;  // the hard budget of sessions on the watched server, the prober's among them
  std::string preset = "standard";
  bool compat = true;                 // the names that only postgres_exporter's dashboards need
  std::vector<std::string> enabled;   // besides the preset
  std::vector<std::string> disabled;  // of the preset
  std::map<std::string, milliseconds> intervals;
  std::map<std::string, std::size_t> series_limits;
  DatabaseFilter databases;
  std::vector<std::string> only;  // not empty: these and no others, whatever the preset says

  // What is left of the budget for collectors: the prober keeps a session of its own.
  int pool_size() const { return connections - 1; }
};

CollectorOptions decode_collectors(Section& section);

// What the options leave of the catalogue, with their intervals and limits.
std::vector<CatalogEntry> chosen_catalog(const CollectorOptions& options);

// The prober, a task for each entry that is read once for the server, and the walk over the databases for all others.
std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target);

}  // namespace pgvigil
