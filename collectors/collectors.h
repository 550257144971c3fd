#pragma once

#include <map>
#include <string>
#include <vector>

#include "collectors/bloat/options.h"
#include "collectors/catalog.h"
#include "collectors/custom_queries.h"
#include "collectors/database_filter.h"
#include "collectors/headroom/disk_space_task.h"
#include "collectors/rule_query.h"
#include "collectors/statements/options.h"
#include "collectors/task.h"
#include "core/local_store.h"
#include "core/pg_connection.h"
#include "core/yaml_section.h"

namespace pgvigil {

struct CodeAccount;

// The section `collectors` of the configuration.
struct CollectorOptions {
  int connections = 3;  // the hard budget of sessions on the watched server, the prober's among them
  std::string preset = "standard";
  bool compat = true;                 // the names that only postgres_exporter's dashboards need
  std::vector<std::string> enabled;   // besides the preset
  std::vector<std::string> disabled;  // of the preset
  std::map<std::string, milliseconds> intervals;
  std::map<std::string, std::size_t> series_limits;
  std::size_t max_series = 1'000'000;  // of all tasks together
  DatabaseFilter databases;
  CustomQueries custom;           // the users' own
  std::vector<std::string> only;  // not empty: these and no others, whatever the preset says
  StatementOptions statements;
  DiskSpaceOptions disk_space;
  BloatOptions bloat;

  // What is left of the budget for collectors: the prober keeps a session of its own.
  int pool_size() const { return connections - 1; }

  std::size_t series_limit_of(const std::string& name, std::size_t fallback) const;
  milliseconds interval_of(const std::string& name, milliseconds fallback) const;
};

CollectorOptions decode_collectors(Section& section);

// All collectors but the prober, whether they are on or not.
std::vector<std::string> collector_names(const CollectorOptions& options);

// The collectors and families that the agent itself has.
TakenNames built_in_names();

// A collector of the catalogue or of a user's file, under a configuration.
struct PlannedCollector {
  CatalogEntry entry;
  std::string origin;  // "built in", or FILE:LINE:COLUMN
  std::string off;     // why it does not run; empty when it does
};

// All of them, also those that are switched off, with their intervals and limits.
std::vector<PlannedCollector> plan_collectors(const CollectorOptions& options);

// Those that are on.
std::vector<CatalogEntry> chosen_catalog(const CollectorOptions& options);

// A collector that is code rather than a query.
struct PlannedCode {
  std::string name;
  milliseconds interval{0};
  std::string off;  // why it does not run; empty when it does
  const CodeAccount* account = nullptr;
};
std::vector<PlannedCode> plan_coded_collectors(const CollectorOptions& options);

// The prober, a task for each entry that is read once for the server and for each collector with code, and the walk
// over the databases for all others. `rules` are the queries of alert rules, which no preset switches off.
// `store` is where those that remember something keep it.
std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target, LocalStore& store,
                                     const Clock& clock, const std::vector<RuleQuery>& rules = {});

}  // namespace pgvigil
