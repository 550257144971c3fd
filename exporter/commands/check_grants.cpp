#include <fmt/format.h>

#include <cstdio>

#include "collectors/connections.h"
#include "collectors/privilege_check.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

int check_grants(const std::filesystem::path& config_file) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  const SystemClock clock;
  ConnectionPool connections(config->target, 1, clock);
  const MissingPrivileges missing =
      find_missing_privileges(chosen_catalog(config->collectors), connections, config->collectors.databases, clock);
  fmt::print("{}", grant_script(missing));
  return missing.nothing() ? all_good : problems_found;
}

}  // namespace pgvigil
