#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgvigil {

// What the statistics say of one column of a table or of an index's key.
struct ColumnStatistics {
  int length = 0;        // attlen: negative when values vary in length
  double alignment = 1;  // bytes
  double width = 0;      // average of the values that are not null, bytes
  double null_share = 0;
  double distinct = 0;  // as pg_stats has it: a number of values, or below zero a share of the rows
};

enum class RelationKind { table, toast, index };

// What the catalogs of a database say of one relation whose bloat is in question: page and row counts are those of the
// last VACUUM or ANALYZE. A value without behaviour; read by RelationReader, judged by pure functions.
struct RelationFacts {
  RelationKind kind = RelationKind::table;
  std::string schema;  // of the table, also for a TOAST table and for an index
  std::string table;   // the table that a TOAST table or an index belongs to
  std::string index;   // empty unless it is one
  std::string name;    // schema.relation as pg_class has it: unique in the database
  std::int64_t oid = 0;
  std::int64_t table_oid = 0;   // of the table that it belongs to, or its own
  std::int64_t file = 0;        // relfilenode: another one after each rewrite
  std::int64_t table_file = 0;  // the table's, for an index
  double page_bytes = 8192;
  double pages = 0;
  double unread_pages = 0;  // that pgstattuple_approx has to read: those that are not all-visible
  double rows = 0;
  double fillfactor = 1;
  std::string access_method;
  bool readable = true;          // the role may read the statistics of all its columns
  int columns = 0;               // that take room in a row
  bool name_column = false;      // has a column of type name, whose recorded width is not what it takes in an index
  bool columns_changed = false;  // since rows were written: old rows are not made as the columns say
  double modified_share = 0;     // changes since the last ANALYZE, as a share of the table's rows
  std::vector<ColumnStatistics> statistics;  // in the order of the columns; fewer than `columns`: some have none

  // Of indexes only.
  bool valid = true;
  bool unique = false;
  bool partial = false;
  bool expression = false;
  bool deduplicates = false;  // may keep equal keys once (deduplicate_items)

  double bytes() const { return pages * page_bytes; }
};

}  // namespace pgvigil
