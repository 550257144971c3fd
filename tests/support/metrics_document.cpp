#include "tests/support/metrics_document.h"

#include <fmt/format.h>

#include <filesystem>
#include <regex>

#include "collectors/catalog.h"
#include "core/text.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

namespace {

constexpr const char* introduction = R"(# Metrics

Every metric that the agent can serve. This file is made from the catalogue and the sources; after a change, make it anew:
`PGVIGIL_WRITE_DOCS=1 build/debug/tests/pg_tests --gtest_filter='MetricsDocument.*'`.

Names are postgres_exporter's where they are right, so that its dashboards and rules work unchanged; where they are wrong
(a unit, `_total`) the name is kept and a right one stands beside it. A series that does not apply or is not known is
absent rather than 0, unless its meaning below says otherwise. An empty label is the same as none. Which collectors run on a server, and why others
do not, is on the status page.

Besides these, every setting of the server that is a number or a switch is a gauge `pg_settings_*`, in seconds or bytes when
it has such a unit: `pg_settings_work_mem_bytes`. Its meaning is PostgreSQL's own.

)";

std::string join_labels(const CatalogEntry& entry) {
  std::vector<std::string> labels;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_label()) labels.push_back("`" + column.name + "`");
  }
  return labels.empty() ? "none" : join(labels, ", ");
}

// What every variant needs; a part that only some need is no condition of the collector.
std::string needs(const CatalogEntry& entry) {
  const CatalogCondition& first = entry.variants.front().when;
  std::vector<std::string> needs;
  bool any_server = false;
  for (const CatalogVariant& variant : entry.variants) any_server = any_server || variant.when.server.text().empty();
  if (!any_server) needs.push_back("PostgreSQL " + entry.variants.back().when.server.text());
  if (!first.extension.empty()) {
    needs.push_back(fmt::format("the extension {} {} in the connected database", first.extension,
                                entry.variants.back().when.extension_version.text()));
  }
  if (!first.relation.empty()) needs.push_back(fmt::format("the table {} in the connected database", first.relation));
  return join(needs, ", ");
}

std::string section(const CatalogEntry& entry) {
  std::string text = fmt::format("### {}\n\n{}\n\nEvery {}. Labels: {}.", entry.name, entry.help,
                                 format_duration(entry.interval), join_labels(entry));
  if (const std::string what = needs(entry); !what.empty()) text += " Needs " + what + ".";
  text += "\n\n| Metric | Type | Meaning |\n| --- | --- | --- |\n";
  for (const CatalogColumn& column : entry.columns) {
    if (!column.is_value()) continue;
    const std::string only = column.server.text().empty() ? "" : fmt::format(" (PostgreSQL {})", column.server.text());
    text += fmt::format("| `{}` | {} | {}{} |\n", column.metric,
                        column.usage == CatalogColumn::Usage::counter ? "counter" : "gauge", column.help, only);
  }
  return text + "\n";
}

void scan(const std::string& source, std::map<std::string, std::string>& found) {
  static const std::regex metric(
      R"re("((?:pgvigil|pg|process)_[a-z0-9_]+|ALERTS(?:_FOR_STATE)?)"(?:,|\)\s*\.Help\()\s*((?:"[^"]*"\s*)+))re");
  static const std::regex piece("\"([^\"]*)\"");
  for (std::sregex_iterator at(source.begin(), source.end(), metric), end; at != end; ++at) {
    const std::string literals = (*at)[2];
    std::string help;
    for (std::sregex_iterator part(literals.begin(), literals.end(), piece); part != end; ++part) help += (*part)[1];
    if (help.ends_with('.') && help.find(' ') != std::string::npos) found[(*at)[1]] = help;
  }
}

}  // namespace

std::map<std::string, std::string> metrics_made_by_code() {
  std::map<std::string, std::string> found;
  for (const char* folder : {"core", "collectors", "alerts", "config", "exporter"}) {
    const auto path = std::filesystem::path(SOURCE_DIR) / folder;
    for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
      if (file.path().extension() == ".cpp") scan(slurp(file.path()), found);
    }
  }
  return found;
}

std::string metrics_document() {
  std::string text = introduction;
  text += "## The agent, backups and the server's state\n\n| Metric | Meaning |\n| --- | --- |\n";
  for (const auto& [name, help] : metrics_made_by_code()) text += fmt::format("| `{}` | {} |\n", name, help);
  text += "\n## Collectors of the catalogue\n\n";
  for (const CatalogEntry& entry : built_in_catalog()) text += section(entry);
  text.pop_back();
  return text;
}

}  // namespace pgvigil
