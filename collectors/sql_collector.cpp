#include "collectors/sql_collector.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

std::optional<double> parse_value(std::string_view text) {
  if (text == "t") return 1;
  if (text == "f") return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Where the declared columns stand in the rows.
struct Layout {
  std::vector<int> labels;
  struct Value {
    int position;
    std::size_t family;
    double scale;
  };
  std::vector<Value> values;
};

[[noreturn]] void fail(const CatalogEntry& entry, std::string_view what, const std::string& column) {
  throw Error(Error::Kind::invalid,
              fmt::format("catalogue entry {}: the query {} column {}", entry.name, what, column));
}

Layout layout_of(const CatalogEntry& entry, int server_version, const PgRows& rows) {
  std::map<std::string, int> positions;
  for (int i = 0; i < rows.columns(); ++i) positions[rows.column_name(i)] = i;
  Layout layout;
  std::size_t family = 0;
  for (const CatalogColumn& column : entry.columns) {
    const bool applies = column.server.contains_server(server_version);
    const auto found = positions.find(column.name);
    if (applies && found == positions.end()) fail(entry, "does not return the declared", column.name);
    if (applies && column.is_label()) layout.labels.push_back(found->second);
    if (applies && !column.is_label()) layout.values.push_back({found->second, family, column.scale});
    if (applies) positions.erase(found);
    if (!column.is_label()) ++family;
  }
  if (!positions.empty()) fail(entry, "returns the undeclared", positions.begin()->first);
  return layout;
}

}  // namespace

std::vector<Family> empty_families(const CatalogEntry& entry) {
  std::vector<std::string> labels;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_label()) labels.push_back(column.name);
  }
  std::vector<Family> families;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_label()) continue;
    const auto type = column.usage == CatalogColumn::Usage::counter ? MetricType::counter : MetricType::gauge;
    families.push_back({column.metric, column.help, type, labels, {}});
  }
  return families;
}

std::vector<Family> families_of(const CatalogEntry& entry, int server_version, const PgRows& rows) {
  std::vector<Family> families = empty_families(entry);
  const Layout layout = layout_of(entry, server_version, rows);
  for (int row = 0; row < rows.rows(); ++row) {
    std::vector<std::string> labels;
    labels.reserve(layout.labels.size());
    for (const int position : layout.labels) labels.push_back(rows.text(row, position));
    for (const Layout::Value& value : layout.values) {
      const auto text = rows.get(row, value.position);
      const double number = text ? parse_value(*text).value_or(unknown) : unknown;
      families[value.family].samples.push_back({labels, number * value.scale});
    }
  }
  return families;
}

std::string query_text(const CatalogVariant& variant, const ServerFacts& facts) {
  constexpr std::string_view mark = "{extension_schema}";
  const auto extension = facts.extensions.find(variant.when.extension);
  std::string query = variant.query;
  for (std::size_t at = query.find(mark); at != std::string::npos; at = query.find(mark, at)) {
    query.replace(at, mark.size(), extension == facts.extensions.end() ? "public" : extension->second.schema);
  }
  return query;
}

bool readable_relation(PgConnection& connection, const std::string& relation, milliseconds timeout,
                       const std::stop_token& stop) {
  const PgRows rows = connection.query(
      "SELECT coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), false) "
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1",
      {relation}, timeout, stop);
  return rows.rows() > 0 && rows.get(0, 0) == "t";
}

SqlCollector::SqlCollector(CatalogEntry entry) : entry_(std::move(entry)) {
  // Waiting for a connection and for the client's own deadlines comes on top of the statement's time.
  info_ = {entry_.name, TaskKind::collector, Interval{entry_.interval}, entry_.timeout + seconds(5)};
}

std::vector<Family> SqlCollector::run(RunContext& context) {
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  PgConnection& connection = session.connection();
  const VariantChoice choice = choose_variant(entry_, session.facts(), [&](const std::string& relation) {
    return readable_relation(connection, relation, entry_.timeout, context.stop);
  });
  if (choice.variant == nullptr) {
    context.skipped = choice.reason;
    return empty_families(entry_);
  }
  const PgRows rows = connection.query(query_text(*choice.variant, session.facts()), entry_.timeout, context.stop);
  return families_of(entry_, session.facts().version, rows);
}

}  // namespace pgvigil
