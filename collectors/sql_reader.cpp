#include "collectors/sql_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "collectors/guarded_query.h"
#include "collectors/query_trial.h"
#include "collectors/value_text.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

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
    if (applies && column.is_value()) layout.values.push_back({found->second, family, column.scale});
    if (applies) positions.erase(found);
    if (column.is_value()) ++family;
  }
  if (!positions.empty()) fail(entry, "returns the undeclared", positions.begin()->first);
  return layout;
}

std::shared_ptr<const LabelRows> label_rows(const Layout& layout, const PgRows& rows, int count) {
  auto result = std::make_shared<LabelRows>(layout.labels.size());
  result->reserve(static_cast<std::size_t>(count));
  std::vector<std::string> labels(layout.labels.size());
  for (int row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = rows.text(row, layout.labels[i]);
    result->add(labels);
  }
  return result;
}

std::vector<double> values_of(const Layout::Value& column, const PgRows& rows, int count) {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    const auto text = rows.get(row, column.position);
    result.push_back(text ? number_of(*text).value_or(unknown) * column.scale : unknown);
  }
  return result;
}

}  // namespace

std::vector<Family> empty_families(const CatalogEntry& entry) {
  std::vector<std::string> labels;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_label()) labels.push_back(column.name);
  }
  std::vector<Family> families;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_value()) families.push_back({column.metric, column.help, column.type(), labels, {}});
  }
  return families;
}

Reading reading_of(const CatalogEntry& entry, int server_version, const PgRows& rows) {
  const Layout layout = layout_of(entry, server_version, rows);
  const std::size_t columns = std::max<std::size_t>(layout.values.size(), 1);
  const int count = static_cast<int>(std::min(static_cast<std::size_t>(rows.rows()), entry.max_series / columns));
  Reading reading{empty_families(entry), {}, static_cast<std::size_t>(rows.rows() - count) * layout.values.size()};
  if (count == 0) return reading;
  const auto labels = label_rows(layout, rows, count);
  for (const Layout::Value& value : layout.values) {
    reading.families[value.family].samples = Samples(labels, values_of(value, rows, count));
  }
  return reading;
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

VariantChoice choose_variant(const CatalogEntry& entry, ConnectionPool::Lease& session, const std::stop_token& stop) {
  return choose_variant(entry, session.facts(),
                        {[&](const std::string& relation) { return session.readable(relation, stop); },
                         [&](const std::string& function) { return session.executable(function, stop); },
                         [&](const std::string& role) { return session.member_of(role, stop); }});
}

SqlReader::SqlReader(CatalogEntry entry)
    : entry_(std::move(entry)), info_{entry_.name, TaskKind::collector, Interval{entry_.interval}, entry_.timeout} {}

// A text where a number should be would be a series that is silently absent.
void SqlReader::check(const std::string& query, ConnectionPool::Lease& session) const {
  if (session.checked().contains(query)) return;
  const auto problems = result_problems(entry_, query, session.connection(), entry_.timeout);
  if (!problems.empty()) throw Error(Error::Kind::invalid, join(problems, "; "));
  session.checked().insert(query);
}

Reading SqlReader::read(ConnectionPool::Lease& session, const std::stop_token& stop) {
  const VariantChoice choice = choose_variant(entry_, session, stop);
  if (choice.variant == nullptr) return {empty_families(entry_), choice.reason, 0};
  return reading_of(entry_, session.facts().version, ask(session, *choice.variant, stop));
}

PgRows SqlReader::ask(ConnectionPool::Lease& session, const CatalogVariant& variant,
                      const std::stop_token& stop) const {
  const std::string query = query_text(variant, session.facts());
  if (!entry_.users_own) return session.connection().query_again(query, entry_.timeout, stop);
  check(query, session);
  const int most = static_cast<int>(std::min<std::size_t>(entry_.max_series, 100'000'000));
  return run_guarded(session.connection(), {query, entry_.timeout, most}, stop);
}

}  // namespace pgvigil
