#pragma once

#include "core/pg_connection.h"
#include "core/yaml_section.h"

namespace pgvigil {

// Reads `conninfo` and `password` (or `password_file`) of a section that names a server. What they leave out libpq
// finds as it does for psql. `fallback` is used when the section has no conninfo; null: conninfo is required.
PgOptions decode_pg_options(Section& section, const PgOptions* fallback = nullptr);

}  // namespace pgvigil
