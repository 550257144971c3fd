#include "collectors/privilege_check.h"

#include <fmt/format.h>

#include <array>

#include "collectors/sql_reader.h"
#include "collectors/value_text.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr auto time_for_each = milliseconds(5000);
constexpr std::string_view not_permitted = "42501";

std::vector<std::string> texts(PgConnection& connection, std::string_view sql,
                               const std::vector<std::optional<std::string>>& parameters = {}) {
  const PgRows rows = connection.query(sql, parameters, time_for_each);
  std::vector<std::string> result;
  result.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) result.push_back(rows.text(row, 0));
  return result;
}

void read_role(MissingPrivileges& missing, PgConnection& connection) {
  const PgRows role = connection.query(
      "SELECT quote_ident(current_user), pg_has_role('pg_monitor', 'USAGE'), quote_ident(current_database()),"
      " EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data' AND pg_has_role(oid, 'USAGE'))",
      time_for_each);
  missing.role = role.text(0, 0);
  missing.monitor = role.get(0, 1) != "t";
  missing.database = role.text(0, 2);
  missing.closed_databases = texts(connection,
                                   "SELECT quote_ident(datname) FROM pg_database WHERE datallowconn AND NOT "
                                   "datistemplate AND NOT has_database_privilege(oid, 'CONNECT') ORDER BY 1");
  if (role.get(0, 3) == "t") return;
  const PgRows hidden = connection.query(
      "SELECT quote_ident(n.nspname), count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^(pg_|information_schema$)' "
      "AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')) GROUP BY 1",
      time_for_each);
  for (int row = 0; row < hidden.rows(); ++row) {
    missing.hidden_tables[hidden.text(row, 0)] = printed_number<std::int64_t>(hidden.text(row, 1));
  }
  const PgRows sequences = connection.query(
      "SELECT quote_ident(n.nspname), count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE CASE WHEN c.relkind = 'S' AND c.relpersistence <> 't' "
      "THEN NOT has_sequence_privilege(c.oid, 'SELECT, USAGE') ELSE false END GROUP BY 1",
      time_for_each);
  for (int row = 0; row < sequences.rows(); ++row) {
    missing.hidden_sequences[sequences.text(row, 0)] = printed_number<std::int64_t>(sequences.text(row, 1));
  }
}

// Collectors with code that read an extension's functions have no query here to plan.
void read_extension_schemas(MissingPrivileges& missing, PgConnection& connection) {
  constexpr std::array<std::pair<const char*, const char*>, 2> readers{
      {{"pg_stat_statements", "statements"}, {"pgstattuple", "bloat"}}};
  for (const auto& [extension, collector] : readers) {
    const auto closed = texts(connection,
                              "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = "
                              "e.extnamespace WHERE e.extname = $1 AND NOT has_schema_privilege(n.oid, 'USAGE')",
                              {extension});
    for (const std::string& schema : closed) missing.grants["USAGE ON SCHEMA " + schema].insert(collector);
  }
}

// The name in "permission denied for schema St Ats", which may have blanks.
std::string denied_name(const std::string& message, std::string_view kind) {
  return message.substr(message.find(kind) + kind.size());
}

// Settings that no GRANT changes and without which collectors show zeros. A setting that the role may not see has no
// row.
void read_hints(MissingPrivileges& missing, PgConnection& connection) {
  struct Expected {
    const char* setting;
    const char* good;
    const char* hint;
  };
  constexpr std::array expected{
      Expected{"track_io_timing", "on", "track_io_timing is off: times of reads and writes stay 0"},
      Expected{"track_activities", "on", "track_activities is off: sessions show neither state nor query"},
      Expected{"track_counts", "on", "track_counts is off: tables have no statistics, and autovacuum does not work"},
  };
  for (const Expected& one : expected) {
    const auto value = texts(connection, "SELECT setting FROM pg_settings WHERE name = $1", {one.setting});
    if (!value.empty() && value.front() != one.good) missing.hints.emplace_back(one.hint);
  }
  const auto preloaded = texts(connection, "SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'");
  if (!preloaded.empty() && preloaded.front().find("pg_stat_statements") == std::string::npos) {
    missing.hints.emplace_back(
        "shared_preload_libraries does not name pg_stat_statements, which then counts nothing; the server must be "
        "started again for it");
  }
}

// The same variant with the conditions only that no privilege and no extension can change.
bool fits_server(const CatalogVariant& variant, const ServerFacts& facts) {
  CatalogEntry alone;
  alone.variants = {variant};
  alone.variants.front().when = {};
  alone.variants.front().when.server = variant.when.server;
  alone.variants.front().when.role = variant.when.role;
  const auto yes = [](const std::string&) { return true; };
  return choose_variant(alone, facts, {yes, yes, yes}).variant != nullptr;
}

class Search {
 public:
  Search(MissingPrivileges& missing, ConnectionPool::Lease& session)
      : missing_(missing), session_(session), connection_(session.connection()), facts_(session.facts()) {}

  void look_at(const CatalogEntry& entry) {
    const VariantChoice choice = choose_variant(entry, session_, {});
    if (choice.variant != nullptr) {
      plan(entry, *choice.variant);
      return;
    }
    for (const CatalogVariant& variant : entry.variants) {
      if (fits_server(variant, facts_)) explain_absence(entry, variant.when);
    }
  }

 private:
  void plan(const CatalogEntry& entry, const CatalogVariant& variant) {
    try {
      connection_.query("EXPLAIN " + query_text(variant, facts_), time_for_each);
    } catch (const Error& error) {
      if (!connection_.usable()) throw;
      if (error.sqlstate() == not_permitted) denied(entry, error.what());
    }
  }

  // "permission denied for function pg_ls_waldir": the name comes without its schema.
  void denied(const CatalogEntry& entry, const std::string& message) {
    const std::size_t before = grants_found_;
    if (message.find(" function ") != std::string::npos) {
      grant_functions(entry, "p.proname = $1", denied_name(message, " function "));
    } else if (message.find(" schema ") != std::string::npos) {
      grant(entry, "SELECT 'USAGE ON SCHEMA ' || quote_ident(nspname) FROM pg_namespace WHERE nspname = $1",
            denied_name(message, " schema "));
    } else {
      for (const std::string_view kind : {" view ", " sequence ", " table "}) {
        if (message.find(kind) == std::string::npos) continue;
        grant_relations(entry, "c.relname = $1", denied_name(message, kind));
        break;
      }
    }
    if (grants_found_ == before && !missing_.monitor) missing_.hints.push_back(entry.name + ": " + message);
  }

  void explain_absence(const CatalogEntry& entry, const CatalogCondition& when) {
    if (!when.extension.empty() && facts_.extensions.find(when.extension) == facts_.extensions.end()) {
      const auto available =
          texts(connection_, "SELECT quote_ident(name) FROM pg_available_extensions WHERE name = $1", {when.extension});
      if (!available.empty()) {
        missing_.extensions[available.front()].insert(entry.name);
      } else {
        missing_.hints.push_back(
            fmt::format("{}: the server has no extension {} to install", entry.name, when.extension));
      }
    }
    if (!when.relation.empty() && !session_.readable(when.relation, {})) {
      grant_relations(entry, "n.nspname || '.' || c.relname = $1", when.relation);
    }
    if (!when.function.empty() && !session_.executable(when.function, {})) {
      const std::string name = when.function.substr(0, when.function.find('('));
      const std::string whole = name.find('.') == std::string::npos ? "pg_catalog." + name : name;
      grant_functions(entry, "n.nspname || '.' || p.proname = $1", whole);
    }
  }

  // What pg_monitor has already is granted with it.
  void grant_functions(const CatalogEntry& entry, std::string_view which, const std::string& name) {
    constexpr std::string_view from = "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE";
    grant(entry,
          fmt::format("SELECT DISTINCT 'USAGE ON SCHEMA ' || quote_ident(n.nspname) {} {} "
                      "AND NOT has_schema_privilege(n.oid, 'USAGE')",
                      from, which),
          name);
    grant(entry,
          fmt::format("SELECT 'EXECUTE ON FUNCTION ' || CASE n.nspname WHEN 'pg_catalog' THEN 'pg_catalog.' ELSE '' "
                      "END || p.oid::regprocedure {} {} AND NOT has_function_privilege(p.oid, 'EXECUTE') "
                      "AND NOT has_function_privilege('pg_monitor', p.oid, 'EXECUTE')",
                      from, which),
          name);
  }

  void grant_relations(const CatalogEntry& entry, std::string_view which, const std::string& name) {
    constexpr std::string_view from =
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', "
        "'S')";
    grant(entry,
          fmt::format("SELECT DISTINCT 'USAGE ON SCHEMA ' || quote_ident(n.nspname) {} AND {} "
                      "AND NOT has_schema_privilege(n.oid, 'USAGE')",
                      from, which),
          name);
    grant(entry,
          fmt::format("SELECT format('SELECT ON %I.%I', n.nspname, c.relname) {} AND {} "
                      "AND NOT has_table_privilege(c.oid, 'SELECT') "
                      "AND NOT has_table_privilege('pg_monitor', c.oid, 'SELECT')",
                      from, which),
          name);
  }

  void grant(const CatalogEntry& entry, const std::string& sql, const std::string& name) {
    for (const std::string& privilege : texts(connection_, sql, {name})) {
      missing_.grants[privilege].insert(entry.name);
      ++grants_found_;
    }
  }

  MissingPrivileges& missing_;
  ConnectionPool::Lease& session_;
  PgConnection& connection_;
  const ServerFacts& facts_;
  std::size_t grants_found_ = 0;
};

}  // namespace

MissingPrivileges find_missing_privileges(const std::vector<CatalogEntry>& entries, ConnectionPool::Lease& session) {
  MissingPrivileges missing;
  missing.server_version = session.facts().version;
  missing.in_recovery = session.facts().in_recovery;
  read_role(missing, session.connection());
  read_extension_schemas(missing, session.connection());
  Search search(missing, session);
  for (const CatalogEntry& entry : entries) search.look_at(entry);
  read_hints(missing, session.connection());
  return missing;
}

MissingPrivileges find_missing_privileges(const std::vector<CatalogEntry>& entries, ConnectionPool& connections,
                                          const DatabaseFilter& filter, const Clock& clock) {
  std::vector<CatalogEntry> walked = entries;
  std::erase_if(walked, [](const CatalogEntry& entry) { return entry.scope != Scope::database; });
  const auto deadline = [&] { return clock.steady_now() + connections.options().connect_timeout + time_for_each; };
  MissingPrivileges missing;
  std::vector<std::string> others;
  {
    auto session = connections.lease(deadline(), {});
    missing = find_missing_privileges(entries, session);
    others = texts(session.connection(),
                   "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2"
                   " AND has_database_privilege(oid, 'CONNECT') AND datname <> current_database() ORDER BY 1");
  }
  for (const std::string& database : others) {
    if (!filter.accepts(database)) continue;
    try {
      auto session = connections.lease(database, deadline(), {});
      missing.elsewhere.push_back(find_missing_privileges(walked, session));
    } catch (const Error& error) {
      missing.hints.push_back(fmt::format("database {} could not be looked at: {}", database, error.what()));
    }
  }
  for (MissingPrivileges& other : missing.elsewhere) {  // what is the whole server's is said once
    other.monitor = false;
    other.closed_databases.clear();
    other.hints.clear();
  }
  return missing;
}

}  // namespace pgvigil
