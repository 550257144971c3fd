#include "collectors/query_trial.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/sql_reader.h"
#include "collectors/value_text.h"
#include "core/error.h"

namespace pgvigil {

namespace {

constexpr auto time_for_each = milliseconds(5000);

std::string said(const Error& error) {
  const bool unknown_relation = error.sqlstate() == "42P01" || error.sqlstate() == "42883";
  return error.what() +
         std::string(unknown_relation ? " (what is not in pg_catalog needs its schema: schema.name)" : "");
}

std::vector<ResultColumn> columns_of(const PgRows& described) {
  std::vector<ResultColumn> columns;
  columns.reserve(static_cast<std::size_t>(described.columns()));
  for (int i = 0; i < described.columns(); ++i)
    columns.push_back({described.column_name(i), described.column_type(i), ""});
  return columns;
}

// As it will run.
std::string explained(const CatalogEntry& entry, const std::string& query) {
  return (entry.users_own ? "EXPLAIN DECLARE pgvigil_trial NO SCROLL CURSOR FOR " : "EXPLAIN ") + query;
}

std::vector<std::string> try_variant(const CatalogEntry& entry, const CatalogVariant& variant, PgConnection& connection,
                                     const ServerFacts& facts) {
  const std::string query = query_text(variant, facts);
  try {
    std::vector<std::string> problems = result_problems(entry, query, connection, time_for_each);
    // Preparing does not look at privileges; planning for EXPLAIN does, as running would.
    if (problems.empty()) connection.query(explained(entry, query), time_for_each);
    return problems;
  } catch (const Error& error) {
    if (!connection.usable()) throw;
    return {said(error)};
  }
}

}  // namespace

std::vector<std::string> compare_columns(const CatalogEntry& entry, int server_version,
                                         const std::vector<ResultColumn>& result) {
  std::vector<std::string> problems;
  const auto declared = entry.columns_for(server_version);
  for (const CatalogColumn* column : declared) {
    const auto named = [&](const ResultColumn& candidate) { return candidate.name == column->name; };
    const auto found = std::find_if(result.begin(), result.end(), named);
    if (found == result.end()) {
      problems.push_back(fmt::format("the query does not return the declared column {}", column->name));
    } else if (std::count_if(result.begin(), result.end(), named) > 1) {
      problems.push_back(fmt::format("the query returns the column {} more than once", column->name));
    } else if (column->is_value() && !is_number_type(found->type)) {
      problems.push_back(fmt::format("the column {} is {}, not a number: {}", column->name, found->type_name,
                                     number_remedy(found->type, found->name)));
    }
  }
  for (const ResultColumn& column : result) {
    if (std::none_of(declared.begin(), declared.end(), [&](const auto* known) { return known->name == column.name; })) {
      problems.push_back(fmt::format(
          "the query returns the column {}, which is not declared (usage: discard ignores it)", column.name));
    }
  }
  return problems;
}

std::vector<std::string> result_problems(const CatalogEntry& entry, const std::string& query, PgConnection& connection,
                                         milliseconds timeout) {
  std::vector<ResultColumn> columns = columns_of(connection.describe(query, timeout));
  const int version = connection.server_version();
  if (compare_columns(entry, version, columns).empty()) return {};
  for (ResultColumn& column : columns) {  // people know types by their names
    const PgRows name = connection.query("SELECT format_type($1::oid, NULL)", {std::to_string(column.type)}, timeout);
    column.type_name = name.text(0, 0);
  }
  return compare_columns(entry, version, columns);
}

std::vector<VariantTrial> try_variants(const CatalogEntry& entry, ConnectionPool::Lease& session) {
  std::vector<VariantTrial> trials;
  trials.reserve(entry.variants.size());
  for (const CatalogVariant& variant : entry.variants) {
    CatalogEntry alone = entry;
    alone.variants = {variant};
    VariantTrial trial;
    trial.not_here = choose_variant(alone, session, {}).reason;
    if (trial.not_here.empty()) trial.problems = try_variant(entry, variant, session.connection(), session.facts());
    trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace pgvigil
