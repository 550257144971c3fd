#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "collectors/bloat/relation_facts.h"
#include "core/clock.h"
#include "core/pg_connection.h"

namespace pgvigil {

// What reading a relation has found, or that it could not be read. A value; kept in the local store by BloatMemory.
struct Confirmation {
  std::int64_t file = 0;
  double pages = 0;  // what the catalogs said when it was read
  double rows = 0;
  std::optional<double> wasted;  // the share that a rewrite would give back, 0 to 1; nothing: it failed
  std::string method;            // pgstattuple_approx, pgstatindex
  std::int64_t read_bytes = 0;   // an upper bound of what was read for it
  WallTime measured_at;
};

// Whether a confirmation still says something about the relation: the same file of about the same size and row count.
bool holds(const Confirmation& confirmation, const RelationFacts& relation, WallTime now, milliseconds valid_for);

// How much reading the relation takes at most: an index is read in full, of a heap what is not all-visible, for
// the rest its maps tell.
std::int64_t bytes_to_read(const RelationFacts& relation);

// pgstattuple_approx: what a rewrite of the heap would give back, from the lengths that it found.
double wasted_heap_share(const RelationFacts& table, double table_bytes, double rows, double free_bytes,
                         double dead_bytes);

// pgstatindex: what a REINDEX would give back. `density` is how full the leaves are, 0 to 1.
double wasted_index_share(const RelationFacts& index, double index_bytes, double leaf_pages, double internal_pages,
                          double density);

// Reads relations with the extension pgstattuple, on one database's session.
class RelationScan {
 public:
  // Looks for the extension. It may be used by roles that have pg_stat_scan_tables, which is part of pg_monitor.
  RelationScan(PgConnection& connection, milliseconds timeout, std::stop_token stop);

  bool available() const { return !schema_.empty(); }

  // The relations of this database on which somebody holds or awaits an exclusive lock: reading would wait for it.
  std::set<std::int64_t> locked() const;

  // Takes a lock that conflicts with those only. Nothing when it could not be read: locked after all, gone, too slow.
  // Throws Error when the session ended or the agent does.
  std::optional<double> wasted(const RelationFacts& relation) const;

 private:
  PgConnection& connection_;
  milliseconds timeout_;
  std::stop_token stop_;
  std::string schema_;  // quoted; empty when the extension is not there or not ours to use
};

}  // namespace pgvigil
