#pragma once

#include <vector>

#include "collectors/import/branch.h"
#include "core/yaml_section.h"

// The query files of other exporters. Each reader reports with its place what it cannot carry over. Pure.
namespace pgvigil {

// postgres_exporter's queries.yaml (--extend.query-path).
std::vector<ImportedBranch> read_postgres_exporter(Section& root, Problems& report);

// pg_exporter's collector files (pgsty/pg_exporter, formerly Vonng/pg_exporter).
std::vector<ImportedBranch> read_pg_exporter(Section& root, Problems& report);

// For names that with_statements_schema does not find.
inline constexpr auto unqualified_note =
    "pg_stat_statements stands here without its schema, which sessions do not search: write {extension_schema}. before "
    "it";

// Whether a file is of pg_exporter's format: both are maps of queries, with different keys.
bool looks_like_pg_exporter(Section& root);

}  // namespace pgvigil
