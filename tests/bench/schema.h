#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/pg_cluster.h"

namespace pgvigil::bench {

// How large a watched server is.
struct Scale {
  std::string name;
  int databases = 1;
  int tables = 0;             // in each database
  int indexes_per_table = 0;  // the primary key among them
  int statements = 0;
  int idle_sessions = 0;
};

// small, medium, large and many, as the exporter's targets name them.
const std::vector<Scale>& scales();

// A server of that size, analysed, with autovacuum off and a role `monitor` that has pg_monitor.
class WatchedServer {
 public:
  explicit WatchedServer(const Scale& scale);

  PgCluster& cluster() { return cluster_; }
  std::string database() const { return "bench"; }

 private:
  void fill(const std::string& database, const Scale& scale) const;
  void run_statements(const Scale& scale) const;

  PgCluster cluster_;
  std::vector<PgConnection> idle_;
};

}  // namespace pgvigil::bench
