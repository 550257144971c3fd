#pragma once

#include <map>
#include <stop_token>
#include <utility>
#include <vector>

#include "collectors/bloat/estimate.h"
#include "collectors/bloat/relation_facts.h"
#include "core/pg_connection.h"

namespace pgvigil {

// How many relations of each kind are out of question, by the reason.
using SuppressedCounts = std::map<std::pair<RelationKind, Suppressed>, std::int64_t>;

// What a database's catalogs say about its relations, read without a lock on any of them.
struct RelationFactsOfDatabase {
  std::vector<RelationFacts> relations;  // of at least the floor's size, the largest first within a kind
  SuppressedCounts left_out;
};

// Reads with three queries. Users' tables, materialized views, their TOAST tables and indexes; no temporary ones.
// Throws Error as PgConnection::query does.
RelationFactsOfDatabase read_relations(PgConnection& connection, std::int64_t floor_bytes, milliseconds timeout,
                                       const std::stop_token& stop);

}  // namespace pgvigil
