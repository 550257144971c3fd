#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/catalog.h"
#include "collectors/connections.h"
#include "core/sample.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {

// The role that the README tells people to make: it may log in and has pg_monitor, no more.
void create_monitoring_role(const PgCluster& cluster, std::string_view role = "pgvigil");

// Runs collectors of the built-in catalogue as the agent does, on sessions of the agent's kind. One thread at a time.
class CatalogReader {
 public:
  using Labels = std::map<std::string, std::string>;

  struct Run {
    std::vector<Family> families;
    std::string skipped;  // why there was nothing to run
  };

  explicit CatalogReader(const PgCluster& cluster, std::string_view database = "postgres",
                         std::string_view role = "pgvigil");

  // What /metrics would show: without the values that are not known. Throws Error when the collector fails.
  Run run(std::string_view collector);

  // The value of a collector's only series of that name that has these labels; nullopt when there is none. Throws when
  // there are several, or no such metric.
  std::optional<double> value(std::string_view collector, std::string_view metric, const Labels& labels = {});

  // The sum over all its series.
  double sum(std::string_view collector, std::string_view metric);

  ConnectionPool& connections() { return connections_; }

 private:
  Family family(std::string_view collector, std::string_view metric);

  SystemClock clock_;
  ConnectionPool connections_;
};

}  // namespace pgvigil
