#include "collectors/bloat/confirmation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "collectors/value_text.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr double same_size = 0.1;
constexpr double map_share = 0.002;  // free space map and visibility map, as a share of the heap's pages

bool about_same(double before, double now) {
  return std::abs(now - before) <= same_size * before;
}

}  // namespace

bool holds(const Confirmation& confirmation, const RelationFacts& relation, WallTime now, milliseconds valid_for) {
  return confirmation.wasted && confirmation.file == relation.file && now - confirmation.measured_at <= valid_for &&
         about_same(confirmation.pages, relation.pages) && about_same(confirmation.rows, relation.rows);
}

std::int64_t bytes_to_read(const RelationFacts& relation) {
  const double pages =
      relation.kind == RelationKind::index ? relation.pages : relation.unread_pages + map_share * relation.pages;
  return static_cast<std::int64_t>(std::ceil(pages * relation.page_bytes));
}

// The average row includes its line pointer and its share of the page's header. Rows that are all alike leave the rest
// of a page unused that is too small for one more, rows that differ fill most of it: half-way between the two. Chunks
// of TOAST are made to fill pages.
double wasted_heap_share(const RelationFacts& table, double table_bytes, double rows, double free_bytes,
                         double dead_bytes) {
  if (table_bytes <= 0) return 0;
  const double live_bytes = table_bytes - free_bytes - dead_bytes;
  if (rows < 1 || live_bytes <= 0) return 1;
  const double fitting = std::max(table.page_bytes * table.fillfactor * rows / live_bytes, 1.0);
  const double rows_a_page = table.kind == RelationKind::toast ? fitting : (fitting + std::floor(fitting)) / 2;
  return std::clamp(1 - std::ceil(rows / rows_a_page) * table.page_bytes / table_bytes, 0.0, 1.0);
}

// The density counts neither deleted nor half-dead pages, which a REINDEX drops as well. The page that describes the
// index stays.
double wasted_index_share(const RelationFacts& index, double index_bytes, double leaf_pages, double internal_pages,
                          double density) {
  if (index_bytes <= 0) return 0;
  const double packed = std::min(density / index.fillfactor, 1.0);
  return std::clamp(1 - ((leaf_pages + internal_pages) * packed + 1) * index.page_bytes / index_bytes, 0.0, 1.0);
}

RelationScan::RelationScan(PgConnection& connection, milliseconds timeout, std::stop_token stop)
    : connection_(connection), timeout_(timeout), stop_(std::move(stop)) {
  const PgRows rows = connection_.query(
      "SELECT quote_ident(n.nspname)"
      "  FROM pg_extension e"
      "  JOIN pg_namespace n ON n.oid = e.extnamespace"
      "  JOIN pg_proc p ON p.pronamespace = n.oid"
      " WHERE e.extname = 'pgstattuple' AND p.proname IN ('pgstattuple_approx', 'pgstatindex')"
      "   AND p.proargtypes::text = 'regclass'::regtype::oid::text"
      "   AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')"
      " GROUP BY n.nspname HAVING count(*) = 2",
      timeout_, stop_);
  if (rows.rows() > 0) schema_ = rows.text(0, 0);
}

// A lock on a table or on one of its indexes: both are opened to read the index.
std::set<std::int64_t> RelationScan::locked() const {
  const PgRows rows = connection_.query(
      "SELECT relation FROM pg_locks"
      " WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'"
      "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      timeout_, stop_);
  std::set<std::int64_t> locked;
  for (int row = 0; row < rows.rows(); ++row) locked.insert(printed_number<std::int64_t>(rows.text(row, 0)));
  return locked;
}

std::optional<double> RelationScan::wasted(const RelationFacts& relation) const {
  const std::vector<std::optional<std::string>> oid{std::to_string(relation.oid)};
  try {
    if (relation.kind == RelationKind::index) {
      const PgRows found =
          connection_.query(fmt::format("SELECT index_size, leaf_pages, internal_pages,"
                                        "       CASE WHEN leaf_pages > 0 THEN avg_leaf_density / 100 ELSE 0 END"
                                        "  FROM {}.pgstatindex($1::oid::regclass)",
                                        schema_),
                            oid, timeout_, stop_);
      return wasted_index_share(relation, printed_number<double>(found.text(0, 0)),
                                printed_number<double>(found.text(0, 1)), printed_number<double>(found.text(0, 2)),
                                printed_number<double>(found.text(0, 3)));
    }
    const PgRows found =
        connection_.query(fmt::format("SELECT table_len, approx_tuple_count, approx_free_space, dead_tuple_len"
                                      "  FROM {}.pgstattuple_approx($1::oid::regclass)",
                                      schema_),
                          oid, timeout_, stop_);
    return wasted_heap_share(relation, printed_number<double>(found.text(0, 0)),
                             printed_number<double>(found.text(0, 1)), printed_number<double>(found.text(0, 2)),
                             printed_number<double>(found.text(0, 3)));
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled || !connection_.usable()) throw;
    log::debug("bloat of {} could not be read: {}", relation.name, error.what());
    return std::nullopt;
  }
}

}  // namespace pgvigil
