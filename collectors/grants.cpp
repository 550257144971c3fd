#include "collectors/grants.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

std::string schema_grants(const MissingPrivileges& missing, std::string_view before) {
  std::string text;
  for (const auto& [schema, count] : missing.hidden_tables) {
    text += fmt::format("{0}GRANT USAGE ON SCHEMA {1} TO {2}; GRANT SELECT ON ALL TABLES IN SCHEMA {1} TO {2};\n",
                        before, schema, missing.role);
  }
  for (const auto& [schema, count] : missing.hidden_sequences) {
    text += fmt::format("{}GRANT SELECT ON ALL SEQUENCES IN SCHEMA {} TO {};\n", before, schema, missing.role);
  }
  return text;
}

std::int64_t sum(const std::map<std::string, std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0},
                         [](std::int64_t all, const auto& count) { return all + count.second; });
}

// Why, for this database and the others.
std::string hidden_text(const MissingPrivileges& missing) {
  std::int64_t tables = sum(missing.hidden_tables);
  std::int64_t sequences = sum(missing.hidden_sequences);
  for (const MissingPrivileges& other : missing.elsewhere) {
    tables += sum(other.hidden_tables);
    sequences += sum(other.hidden_sequences);
  }
  std::string text;
  if (tables > 0) {
    text += comment(fmt::format(
        "Estimates of bloat need column statistics, which a role sees where it may SELECT: {} tables are hidden.",
        tables));
  }
  if (sequences > 0) text += comment(fmt::format("How full {} sequences are is not known.", sequences));
  return text;
}

std::string statistics_grants(const MissingPrivileges& missing) {
  const std::string why = hidden_text(missing);
  if (why.empty()) return {};
  if (missing.server_version < first_with_read_all_data) return why + schema_grants(missing, "");
  const std::string text = why + fmt::format("GRANT pg_read_all_data TO {};\n", missing.role);
  return text + "-- Instead of all data, schema by schema:\n" + schema_grants(missing, "--   ");
}

// What must be run in the database itself.
std::string local_grants(const MissingPrivileges& missing) {
  std::string text;
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
  return text;
}

std::string elsewhere_grants(const MissingPrivileges& missing) {
  const bool old = missing.server_version < first_with_read_all_data;
  const std::string local = local_grants(missing) + (old ? schema_grants(missing, "") : "");
  const std::string remarks = old ? "" : schema_grants(missing, "--   ");
  if (local.empty()) return remarks.empty() ? "" : comment("In database " + missing.database + ":") + remarks;
  return fmt::format("\\connect {}\n", missing.database) + local + remarks;
}

std::string header(const MissingPrivileges& missing) {
  std::string text = comment(fmt::format("Role {} on PostgreSQL {}. Run in database {} as a superuser.", missing.role,
                                         missing.server_version / 10000, missing.database));
  if (missing.in_recovery) text += comment("This server is a standby: run it on its primary.");
  return text;
}

}  // namespace

bool MissingPrivileges::nothing() const {
  return !monitor && hidden_tables.empty() && hidden_sequences.empty() && closed_databases.empty() && grants.empty() &&
         extensions.empty() &&
         std::all_of(elsewhere.begin(), elsewhere.end(), [](const auto& other) { return other.nothing(); });
}

std::string grant_script(const MissingPrivileges& missing) {
  std::string text = header(missing);
  if (missing.nothing()) text += comment("Nothing is missing.");
  if (missing.monitor) text += fmt::format("GRANT pg_monitor TO {};\n", missing.role);
  text += local_grants(missing) + statistics_grants(missing);
  for (const std::string& database : missing.closed_databases) {
    text += fmt::format("GRANT CONNECT ON DATABASE {} TO {};\n", database, missing.role);
  }
  if (!missing.closed_databases.empty()) text += comment("Then check again: what these databases lack shows only now.");
  for (const MissingPrivileges& other : missing.elsewhere) text += elsewhere_grants(other);
  for (const std::string& hint : missing.hints) text += comment("Hint: " + hint);
  return text;
}

}  // namespace pgvigil
