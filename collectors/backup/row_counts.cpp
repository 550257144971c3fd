#include "collectors/backup/row_counts.h"

#include <fmt/format.h>

#include <charconv>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

// What belongs to an extension is made by CREATE EXTENSION; what is unlogged is empty on a standby. The size is the one
// of the last VACUUM or ANALYZE: pg_relation_size would wait for a table that somebody locks.
constexpr std::string_view tables_sql = R"(
SELECT format('%I.%I', n.nspname, c.relname), greatest(c.reltuples, 0)::int8, c.relpages::int8 * current_setting('block_size')::int8
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1)";

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::vector<TableRows> count_rows(PgConnection& connection, std::int64_t exact_limit, milliseconds timeout,
                                  const std::stop_token& stop) {
  const PgRows tables = connection.query(tables_sql, timeout, stop);
  std::vector<TableRows> result;
  bool counting = true;
  for (int row = 0; row < tables.rows(); ++row) {
    TableRows table{tables.text(row, 0), to_integer(tables.text(row, 1)), false};
    if (counting && to_integer(tables.text(row, 2)) <= exact_limit) {
      try {
        const PgRows count = connection.query(fmt::format("SELECT count(*) FROM ONLY {}", table.table), timeout, stop);
        table.rows = to_integer(count.text(0, 0));
        table.exact = true;
      } catch (const Error& error) {
        if (error.kind() == Error::Kind::cancelled) throw;
        log::warn("counting the rows of {} failed, from here on they are estimated: {}", table.table, error.what());
        counting = false;
      }
    }
    result.push_back(std::move(table));
  }
  return result;
}

}  // namespace pgvigil
