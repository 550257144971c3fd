#pragma once

#include <string>

#include "collectors/bloat/relation_facts.h"

namespace pgvigil {

// Relations that are as full as can be, for tests to change. A table of 100,000 rows of an int and a bigint: 185 rows
// a page.
inline RelationFacts full_table() {
  RelationFacts table;
  table.schema = "public";
  table.table = "orders";
  table.name = "public.orders";
  table.oid = table.table_oid = table.file = table.table_file = 16384;
  table.rows = 100'000;
  table.pages = 541;
  table.columns = 2;
  table.access_method = "heap";
  table.statistics = {{4, 4, 4, 0, -1}, {8, 8, 8, 0, -1}};
  return table;
}

// Its primary key, on the int: 366 entries a page.
inline RelationFacts full_index() {
  RelationFacts index = full_table();
  index.kind = RelationKind::index;
  index.index = "orders_pkey";
  index.name = "public.orders_pkey";
  index.oid = index.file = 16390;
  index.pages = 276;
  index.unread_pages = 276;
  index.columns = 1;
  index.fillfactor = 0.9;
  index.access_method = "btree";
  index.statistics = {{4, 4, 4, 0, -1}};
  index.unique = index.deduplicates = true;
  return index;
}

}  // namespace pgvigil
