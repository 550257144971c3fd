#include <fmt/format.h>

#include "collectors/import/import_sql.h"
#include "collectors/import/readers.h"
#include "collectors/import/server_ranges.h"
#include "collectors/import/source_text.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using Usage = CatalogColumn::Usage;

std::vector<std::pair<std::string, double>> read_mapping(Section& column, Problems& report) {
  std::vector<std::pair<std::string, double>> mapping;
  auto section = column.section("metric_mapping");
  if (!section) return mapping;
  for (const auto& [text, value] : section->members()) {
    if (const auto number = source_number(*section, text)) {
      mapping.emplace_back(text, *number);
    } else {
      report.add(value.where(), "no number: this text is left out of the mapping");
    }
  }
  return mapping;
}

ImportedColumn plain_column(const SourceColumn& source) {
  ImportedColumn column;
  column.name = source.name;
  column.rename = source.name;
  column.where = source.place.where();
  return column;
}

// A histogram is read from four columns of the result, of which only one is in the file.
void discard_histogram(const SourceColumn& source, std::vector<ImportedColumn>& columns, Problems& report) {
  report.add(source.place.where(), fmt::format("{}: histograms are not carried over", source.name));
  for (const char* part : {"_bucket", "_sum", "_count"}) {
    ImportedColumn column = plain_column(source);
    column.name = column.rename = source.name + part;
    columns.push_back(std::move(column));
  }
}

void read_column(SourceColumn& source, std::vector<ImportedColumn>& columns, Problems& report) {
  ImportedColumn column = plain_column(source);
  const std::string usage = source_text(source.section, "usage");
  column.help = source_text(source.section, "description");
  if (column.help.empty()) column.help = fmt::format("Column {} of the query.", source.name);
  if (usage == "LABEL") column.usage = Usage::label;
  if (usage == "GAUGE") column.usage = Usage::gauge;
  if (usage == "COUNTER") column.usage = Usage::counter;
  if (usage == "MAPPEDMETRIC") {
    column.mapping = read_mapping(source.section, report);
    if (!column.mapping.empty()) column.usage = Usage::gauge;
  }
  const bool known = column.usage != Usage::discard || usage == "DISCARD" || usage == "HISTOGRAM";
  if (!known) {
    report.add(column.where, fmt::format("{}: usage {} is not carried over; return a number of seconds and export it "
                                         "as a gauge",
                                         source.name, usage.empty() ? "is missing and" : usage));
  }
  if (!source_text(source.section, "pg_version").empty()) {
    report.add(column.where, fmt::format("{}: pg_version is not carried over; the column is taken to be there on every "
                                         "server",
                                         source.name));
  }
  if (usage == "HISTOGRAM") discard_histogram(source, columns, report);
  columns.push_back(std::move(column));
}

// The servers a query is for, as branches of it; none when it is for none that is supported.
std::vector<ImportedBranch> for_servers(const ImportedBranch& branch, const std::string& range, Problems& report) {
  if (range.empty()) return {branch};
  const ServerRanges ranges = from_semver(range);
  if (!ranges.understood) report.add(branch.where, fmt::format("runonserver '{}' is not understood", range));
  if (!ranges.exact) {
    report.add(branch.where, fmt::format("runonserver '{}': minor versions are rounded to their major version", range));
  }
  if (ranges.any_of.empty()) {
    report.add(branch.where, fmt::format("{} is left out: it is for servers before 13 only", branch.prefix));
  }
  std::vector<ImportedBranch> branches;
  for (const VersionRange& servers : ranges.any_of) {
    branches.push_back(branch);
    branches.back().when.server = servers;
  }
  return branches;
}

std::vector<ImportedBranch> read_query(const std::string& name, Section& section, Problems& report) {
  ImportedBranch branch;
  branch.prefix = name;
  branch.where = section.where();
  const std::string query = source_text(section, "query");
  branch.query = with_statements_schema(query);
  if (branch.query != query) branch.when.extension = "pg_stat_statements";
  branch.interval = source_seconds(section, "cache_seconds", seconds(15), std::chrono::hours(24), report);
  section.value("master");  // once a server instead of once a database: how every query of ours runs by default
  for (SourceColumn& column : source_columns(section, report)) read_column(column, branch.columns, report);
  const std::string range = source_text(section, "runonserver");
  for (const auto& [key, value] : section.members()) {
    const bool known =
        key == "query" || key == "metrics" || key == "cache_seconds" || key == "runonserver" || key == "master";
    if (!known) report.add(value.where(), fmt::format("{}: the key {} is not carried over", name, key));
  }
  if (const std::string why = why_not_one_query(branch.query); !why.empty()) {
    report.add(branch.where, fmt::format("{} is left out: {}", name, why));
    return {};
  }
  if (names_statements_unqualified(branch.query)) report.add(branch.where, unqualified_note);
  return for_servers(branch, range, report);
}

}  // namespace

std::vector<ImportedBranch> read_postgres_exporter(Section& root, Problems& report) {
  std::vector<ImportedBranch> branches;
  for_each_query(root, report, [&](const std::string& name, Section& query) {
    for (ImportedBranch& branch : read_query(name, query, report)) branches.push_back(std::move(branch));
  });
  return branches;
}

}  // namespace pgvigil
