#pragma once

#include <map>
#include <string>
#include <vector>

#include "collectors/headroom/disk_space_task.h"
#include "collectors/statements/options.h"
#include "collectors/task.h"
#include "core/pg_connection.h"
#include "core/yaml_section.h"

namespace pgvigil {

// The section `collectors` of the configuration.
struct CollectorOptions {
  int connections = 3;  // the hard budget of sessions on the watched server, the prober's among them
  std::vector<std::string> disabled;
  std::map<std::string, milliseconds> intervals;
  StatementOptions statements;
  DiskSpaceOptions disk_space;

  // What is left of the budget for collectors: the prober keeps a session of its own.
  int pool_size() const { return connections - 1; }
};

CollectorOptions decode_collectors(Section& section);

// Every collector that is not disabled: the prober, one for each file of the catalogue, and those with code.
std::vector<TaskPtr> make_collectors(const CollectorOptions& options, const PgOptions& target);

}  // namespace pgvigil
