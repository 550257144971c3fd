// Every metric that rules, dashboards and documents name exists, and docs/metrics.md says what the code says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>

#include "alerts/options.h"
#include "collectors/catalog.h"
#include "collectors/coded_collectors.h"
#include "collectors/settings_families.h"
#include "core/text.h"
#include "tests/support/metrics_document.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

const std::filesystem::path source{SOURCE_DIR};

std::map<std::string, std::set<std::string>> catalog_families() {
  std::map<std::string, std::set<std::string>> families;
  for (const CatalogEntry& entry : built_in_catalog()) {
    std::set<std::string> labels;
    for (const CatalogColumn& column : entry.columns) {
      if (column.is_label()) labels.insert(column.name);
    }
    for (const CatalogColumn& column : entry.columns) {
      if (column.is_value()) families[column.metric] = labels;
    }
  }
  return families;
}

// Which settings there are depends on the server.
std::set<std::string> settings_families() {
  std::set<std::string> names;
  for (const int version : PgCluster::available_versions()) {
    const PgRows rows = PgCluster(version).execute("SELECT name, setting, unit, vartype FROM pg_settings");
    for (int row = 0; row < rows.rows(); ++row) {
      const auto family =
          settings_family({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3), ""});
      if (family) names.insert(family->name);
    }
  }
  return names;
}

bool is_setting(const std::string& name) {
  if (!name.starts_with("pg_settings_")) return false;
  static const std::set<std::string> settings = settings_families();
  return settings.contains(name);
}

bool is_metric(const std::string& name) {
  static const auto catalog = catalog_families();
  static const auto code = metrics_made_by_code();
  const auto series_of_a_histogram = [&](std::string_view suffix) {
    return name.ends_with(suffix) && code.contains(name.substr(0, name.size() - suffix.size()));
  };
  return catalog.contains(name) || code.contains(name) || is_setting(name) || series_of_a_histogram("_bucket") ||
         series_of_a_histogram("_count") || series_of_a_histogram("_sum");
}

// What PostgreSQL itself calls pg_something, in any version that is here: relations, functions, roles, settings,
// extensions; besides its programs, and the folders and files of a cluster.
std::set<std::string> names_of_postgresql() {
  std::set<std::string> names{"pg_wal",        "pg_hba",      "pg_dump",       "pg_dumpall",  "pg_restore",
                              "pg_basebackup", "pg_ctl",      "pg_repack",     "pg_amcheck",  "pg_rewind",
                              "pg_upgrade",    "pg_resetwal", "pg_receivewal", "pg_checksums"};
  for (const int version : PgCluster::available_versions()) {
    const PgRows rows = PgCluster(version).execute(
        "SELECT relname FROM pg_class UNION SELECT proname FROM pg_proc UNION SELECT rolname FROM pg_roles"
        " UNION SELECT name FROM pg_settings UNION SELECT name FROM pg_available_extensions");
    for (int row = 0; row < rows.rows(); ++row) names.insert(rows.text(row, 0));
  }
  return names;
}

// Without docs/metrics.md, which is made of what exists.
std::vector<std::filesystem::path> documents() {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::exists(source / "README.md")) files.push_back(source / "README.md");
  for (const char* folder : {"docs", "config", "dashboards"}) {
    if (!std::filesystem::exists(source / folder)) continue;
    for (const auto& file : std::filesystem::recursive_directory_iterator(source / folder)) {
      const auto kind = file.path().extension();
      const bool read_by_people = kind == ".md" || kind == ".yaml" || kind == ".json";
      if (read_by_people && file.path().filename() != "metrics.md") files.push_back(file.path());
    }
  }
  return files;
}

TEST(MetricNames, ThatCodeMakesAreDeclaredSoThatUsersQueriesCannotTakeThem) {
  const TakenNames taken = built_in_names();
  for (const auto& [name, help] : metrics_made_by_code()) EXPECT_NE(taken.owner_of(name), nullptr) << name;
  for (const std::string& name : settings_families()) EXPECT_NE(taken.owner_of(name), nullptr) << name;
}

TEST(MetricNames, OfTheCatalogueAreNotMadeByCodeToo) {
  std::set<std::string> made = settings_families();
  for (const auto& [name, help] : metrics_made_by_code()) made.insert(name);
  for (const CodedCollector& collector : coded_collectors()) {
    made.insert(collector.account.families.begin(), collector.account.families.end());
  }
  for (const auto& [name, labels] : catalog_families()) EXPECT_FALSE(made.contains(name)) << name;
}

TEST(MetricNames, ThoseOfTheBuiltInRulesExist) {
  Problems problems;
  auto empty = Section::parse("{}", "empty", problems);
  const AlertOptions options = decode_alerts(*empty);
  ASSERT_TRUE(problems.empty()) << join(problems.lines(), "\n");
  ASSERT_FALSE(options.rules.empty());
  for (const Rule& rule : options.rules) {
    for (const std::string& metric : rule.expression.metrics())
      EXPECT_TRUE(is_metric(metric)) << rule.id << " " << metric;
  }
}

TEST(MetricNames, LabelsThatBuiltInRulesAskForExist) {
  Problems problems;
  auto empty = Section::parse("{}", "empty", problems);
  const auto families = catalog_families();
  for (const Rule& rule : decode_alerts(*empty).rules) {
    promql::for_each_selector(rule.expression.root(), [&](const promql::VectorSelector& selector, milliseconds) {
      const auto family = families.find(selector.selector.metric);
      if (family == families.end()) return;
      for (const LabelMatcher& matcher : selector.selector.matchers) {
        EXPECT_TRUE(family->second.contains(matcher.label)) << rule.id << " asks for " << matcher.label;
      }
    });
  }
}

TEST(MetricNames, ThoseInDocumentsAndDashboardsExist) {
  static const std::regex word("\\b(?:pgvigil|pg)_[a-z0-9_]*[a-z0-9]\\b");
  const std::set<std::string> postgresql = names_of_postgresql();
  const std::set<std::string> others{"pg_bin", "pg_catalog", "pg_exporter"};  // a setting of ours, a schema, a program
  for (const auto& file : documents()) {
    const std::string text = slurp(file);
    for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at) {
      const std::string name = at->str();
      if (text.compare(static_cast<std::size_t>(at->position()) + name.size(), 2, "_*") == 0) continue;  // pg_stat_*
      EXPECT_TRUE(is_metric(name) || postgresql.contains(name) || others.contains(name))
          << file.string() << " names " << name;
    }
  }
}

TEST(MetricsDocument, IsWhatTheCatalogueAndTheSourcesSay) {
  const auto file = source / "docs" / "metrics.md";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a test
  if (std::getenv("PGVIGIL_WRITE_DOCS") != nullptr) std::ofstream(file) << metrics_document();
  ASSERT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(slurp(file), metrics_document()) << "make it anew, as its first lines say";
}

}  // namespace
}  // namespace pgvigil
