#include "collectors/grants.h"

#include <fmt/format.h>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr int first_with_read_all_data = 140000;

std::string names(const std::set<std::string>& collectors) {
  return join({collectors.begin(), collectors.end()}, ", ");
}

std::string comment(std::string_view text) {
  return fmt::format("-- {}\n", one_line(text));
}

std::string statistics_grants(const MissingPrivileges& missing) {
  std::int64_t tables = 0;
  std::string per_schema;
  const bool old = missing.server_version < first_with_read_all_data;
  for (const auto& [schema, count] : missing.hidden_tables) {
    tables += count;
    per_schema += fmt::format("{0}GRANT USAGE ON SCHEMA {1} TO {2}; GRANT SELECT ON ALL TABLES IN SCHEMA {1} TO {2};\n",
                              old ? "" : "--   ", schema, missing.role);
  }
  if (tables == 0) return {};
  std::string text = comment(fmt::format(
      "Estimates of bloat need column statistics, which a role sees where it may SELECT: {} tables are hidden.",
      tables));
  if (old) return text + per_schema;
  text += fmt::format("GRANT pg_read_all_data TO {};\n", missing.role);
  return text + "-- Instead of all data, schema by schema:\n" + per_schema;
}

std::string header(const MissingPrivileges& missing) {
  std::string text = comment(fmt::format("Role {} on PostgreSQL {}. Run in database {} as a superuser.", missing.role,
                                         missing.server_version / 10000, missing.database));
  if (missing.in_recovery) text += comment("This server is a standby: run it on its primary.");
  return text;
}

}  // namespace

bool MissingPrivileges::nothing() const {
  return !monitor && hidden_tables.empty() && closed_databases.empty() && grants.empty() && extensions.empty();
}

std::string grant_script(const MissingPrivileges& missing) {
  std::string text = header(missing);
  if (missing.nothing()) text += comment("Nothing is missing.");
  if (missing.monitor) text += fmt::format("GRANT pg_monitor TO {};\n", missing.role);
  for (const auto& [extension, collectors] : missing.extensions) {
    text += comment("For " + names(collectors) + ":") + fmt::format("CREATE EXTENSION {};\n", extension);
  }
  for (const auto& [privilege, collectors] : missing.grants) {
    text += comment("For " + names(collectors) + ":") + fmt::format("GRANT {} TO {};\n", privilege, missing.role);
  }
  const auto schema = missing.grants.lower_bound("USAGE ON SCHEMA ");
  if (schema != missing.grants.end() && schema->first.starts_with("USAGE ON SCHEMA ")) {
    text += comment("Then check again: what may not be read in these schemas shows only now.");
  }
  text += statistics_grants(missing);
  for (const std::string& database : missing.closed_databases) {
    text += fmt::format("GRANT CONNECT ON DATABASE {} TO {};\n", database, missing.role);
  }
  for (const std::string& hint : missing.hints) text += comment("Hint: " + hint);
  return text;
}

}  // namespace pgvigil
