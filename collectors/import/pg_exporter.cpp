#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/import/import_sql.h"
#include "collectors/import/readers.h"
#include "collectors/import/server_ranges.h"
#include "collectors/import/source_text.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using Usage = CatalogColumn::Usage;

ImportedColumn read_column(SourceColumn& source, Problems& report) {
  ImportedColumn column;
  Section& section = source.section;
  column.name = source.name;
  column.where = source.place.where();
  column.rename = source_text(section, "rename");
  if (column.rename.empty()) column.rename = source.name;
  column.help = source_text(section, "description");
  if (column.help.empty()) column.help = fmt::format("Column {} of the query.", source.name);
  column.fallback = source_text(section, "default");
  column.scale = source_number(section, "scale").value_or(1);
  const std::string usage = source_text(section, "usage");
  if (usage == "LABEL") column.usage = Usage::label;
  if (usage == "GAUGE") column.usage = Usage::gauge;
  if (usage == "COUNTER") column.usage = Usage::counter;
  if (column.usage == Usage::discard && usage != "DISCARD") {
    report.add(column.where, usage == "HISTOGRAM" ? fmt::format("{}: histograms are not carried over", source.name)
                                                  : fmt::format("{}: unknown usage '{}'", source.name, usage));
  }
  return column;
}

// One tag; false when our schema has nothing that means the same.
bool apply_tag(ImportedBranch& branch, std::string_view tag) {
  constexpr std::string_view extension = "extension:";
  if (tag == "cluster") {
    branch.scope = Scope::cluster;
  } else if (tag == "primary" || tag == "master") {
    branch.when.role = ServerRole::primary;
  } else if (tag == "standby" || tag == "replica") {
    branch.when.role = ServerRole::standby;
  } else if (tag.starts_with(extension) && branch.when.extension.empty()) {
    branch.when.extension = tag.substr(extension.size());
  } else {
    return false;
  }
  return true;
}

std::string tag_notice(std::string_view tag) {
  if (tag.starts_with("dbname:")) return "it ran in that database only; the database of target is read instead";
  if (tag.starts_with("username:")) return "it ran for that role only; it runs for every role now";
  if (tag.starts_with("schema:")) return "where the schema is missing, the query fails and is reported";
  if (tag.starts_with("not:")) return "it did not run where the exporter had that tag; it runs everywhere now";
  return "it ran where the exporter had that tag only; it runs everywhere now";
}

// Whether the query is for PostgreSQL: pg_exporter also asks pgbouncer.
bool read_tags(ImportedBranch& branch, Section& section, Problems& report) {
  branch.scope = Scope::database;
  const auto tags = section.value("tags");
  if (!tags || !tags->is_list()) return true;
  for (const YamlValue& item : tags->items()) {
    const std::string tag = item.is_scalar() ? item.written() : "";
    if (tag == "pgbouncer") return false;
    if (!apply_tag(branch, tag)) {
      report.add(item.where(), fmt::format("tag {} is not carried over: {}", tag, tag_notice(tag)));
    }
  }
  return true;
}

void read_servers(ImportedBranch& branch, Section& section, bool& supported, Problems& report) {
  const std::string min = source_text(section, "min_version");
  const std::string max = source_text(section, "max_version");
  const ServerRanges ranges = from_version_numbers(min, max);
  if (!ranges.understood) report.add(branch.where, fmt::format("versions '{}' to '{}' are not understood", min, max));
  if (!ranges.exact) report.add(branch.where, "minor versions are rounded to their major version");
  supported = !ranges.understood || !ranges.any_of.empty();
  if (!ranges.any_of.empty()) branch.when.server = ranges.any_of.front();
}

void read_query_text(ImportedBranch& branch, Section& section, Problems& report) {
  const std::string query = source_text(section, "query");
  branch.query = query;
  if (branch.when.extension.empty() || branch.when.extension == "pg_stat_statements") {
    branch.query = with_statements_schema(query);
    if (branch.query != query) branch.when.extension = "pg_stat_statements";
  }
  if (names_statements_unqualified(branch.query)) report.add(branch.where, unqualified_note);
}

void report_rest(const std::string& name, Section& section, Problems& report) {
  constexpr std::array<std::string_view, 12> known{"name",    "desc",        "query",       "ttl",
                                                   "timeout", "min_version", "max_version", "tags",
                                                   "skip",    "metrics",     "fatal",       "predicate_queries"};
  for (const auto& [key, value] : section.members()) {
    if (key == "fatal" && source_text(section, key) == "true") {
      report.add(value.where(), fmt::format("{}: fatal is not carried over; pg_up does not depend on any query", name));
    } else if (key == "predicate_queries") {
      report.add(value.where(), fmt::format("{}: predicate_queries are not carried over; conditions of ours are in "
                                            "`when`: server, role, extension, relation, function",
                                            name));
    } else if (std::find(known.begin(), known.end(), key) == known.end()) {
      report.add(value.where(), fmt::format("{}: the key {} is not carried over", name, key));
    }
  }
}

std::optional<ImportedBranch> read_branch(const std::string& name, Section& section, Problems& report) {
  ImportedBranch branch;
  branch.where = section.where();
  const auto leave_out = [&](std::string_view why) {
    report.add(branch.where, fmt::format("{} is left out: {}", name, why));
    return std::nullopt;
  };
  branch.prefix = source_text(section, "name");
  if (branch.prefix.empty()) branch.prefix = name;
  branch.help = source_text(section, "desc");
  if (source_text(section, "skip") == "true") return leave_out("skip is set");
  if (!read_tags(branch, section, report)) return leave_out("it is for pgbouncer");
  bool supported = true;
  read_servers(branch, section, supported, report);
  if (!supported) return leave_out("it is for servers before 13 only");
  read_query_text(branch, section, report);
  if (const std::string why = why_not_one_query(branch.query); !why.empty()) return leave_out(why);
  branch.interval = source_seconds(section, "ttl", seconds(15), std::chrono::hours(24), report);
  branch.timeout = source_seconds(section, "timeout", milliseconds(50), std::chrono::minutes(10), report);
  for (SourceColumn& column : source_columns(section, report)) branch.columns.push_back(read_column(column, report));
  report_rest(name, section, report);
  return branch;
}

}  // namespace

std::vector<ImportedBranch> read_pg_exporter(Section& root, Problems& report) {
  std::vector<ImportedBranch> branches;
  for_each_query(root, report, [&](const std::string& name, Section& query) {
    if (auto branch = read_branch(name, query, report)) branches.push_back(std::move(*branch));
  });
  return branches;
}

bool looks_like_pg_exporter(Section& root) {
  constexpr std::array<std::string_view, 10> only_there{"name",        "desc", "ttl",  "timeout", "min_version",
                                                        "max_version", "tags", "skip", "fatal",   "predicate_queries"};
  for (const auto& [name, value] : root.members()) {
    if (!value.is_map()) continue;
    for (const auto& [key, member] : value.members()) {
      const std::string text = key.is_scalar() ? key.written() : "";
      if (std::find(only_there.begin(), only_there.end(), text) != only_there.end()) return true;
    }
  }
  return false;
}

}  // namespace pgvigil
