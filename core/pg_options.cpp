#include "core/pg_options.h"

#include "core/error.h"

namespace pgvigil {

PgOptions decode_pg_options(Section& section, const PgOptions* fallback) {
  PgOptions options;
  const Secret password = section.secret("password");
  if (fallback != nullptr && !section.has("conninfo")) {
    options = *fallback;
    section.value("conninfo");  // known, though absent
  } else {
    options.conninfo = section.require_text("conninfo");
  }
  if (!password.empty()) options.password = password;
  try {
    with_database(options.conninfo, "postgres");
  } catch (const Error& error) {
    if (auto value = section.value("conninfo")) value->fail(error.what());
  }
  return options;
}

}  // namespace pgvigil
