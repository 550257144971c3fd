// Whatever stands in another exporter's file: what is written is accepted.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "collectors/collectors.h"
#include "collectors/import/catalog_text.h"
#include "collectors/import/import.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

class OddFile {
 public:
  explicit OddFile(unsigned seed) : random_(seed) {}

  std::string text() {
    std::string result;
    const int queries = number(1, 3);
    for (int i = 0; i < queries; ++i) result += query(i);
    return result;
  }

 private:
  int number(int least, int most) { return std::uniform_int_distribution<>(least, most)(random_); }
  const char* one_of(const std::vector<const char*>& choices) {
    return choices[static_cast<std::size_t>(number(0, static_cast<int>(choices.size()) - 1))];
  }

  std::string name() {
    return one_of({"app",      "pg_locks", "pgvigil", "pgvigil_", "le",   "quantile", "pg_up",       "pg",    "process",
                   "datname",  "n",        "my name", "Über",     "__x",  "1st",      "a-b",         "on",    "null",
                   "\\u0001",  "\\\"",     "a'b",     "${HOME}",  "'",    ",",        "pg_settings", "calls", "total",
                   "instance", "n_total",  " ",       "#",        "a: b", "probe",    "{}",          "n_"});
  }

  std::string query(int i) {
    std::string result = fmt::format("\"{}{}\":\n", name(), number(0, 1) == 0 ? "" : std::to_string(i));
    result +=
        fmt::format("  query: \"{}\"\n",
                    one_of({"SELECT 1 AS n", "SELECT * FROM t; -- x", "SELECT $1", "SELECT 1; SELECT 2", "", "-- ;",
                            "SELECT E'\\\\'; ' AS l", "/* /* */", "SELECT '", "\\tSELECT 1\\n", "SELECT '${HOME}'",
                            "TABLE pg_stat_statements", "SELECT 1 FROM pg_stat_statements\\n\\n  ;", "\\u0007"}));
    if (number(0, 1) == 0)
      result += fmt::format("  ttl: {}\n", one_of({"-1", "0", "7.3", "1e12", "x", "null", "15.0001", "nan"}));
    if (number(0, 1) == 0)
      result += fmt::format("  timeout: {}\n", one_of({"-1", "0.001", "0.0777", "1e9", "[1]", "2"}));
    if (number(0, 1) == 0)
      result += fmt::format("  runonserver: \"{}\"\n", one_of({">=14.0.0", "<9", "x", ">=13 || <17"}));
    if (number(0, 1) == 0)
      result += fmt::format("  tags: [{}]\n", one_of({"cluster", "primary", "\"extension:a b\"", "x, 1"}));
    if (number(0, 3) == 0) result += fmt::format("  name: \"{}\"\n", name());
    result += "  metrics:\n";
    const int columns = number(0, 4);
    for (int c = 0; c < columns; ++c) result += column();
    return result;
  }

  std::string column() {
    std::string result = fmt::format("    - \"{}\": {{ usage: {}", name(),
                                     one_of({"GAUGE", "GAUGE", "COUNTER", "LABEL", "LABEL", "DISCARD", "MAPPEDMETRIC",
                                             "HISTOGRAM", "DURATION", "x"}));
    if (number(0, 1) == 0)
      result += fmt::format(", description: \"{}\"", one_of({"", " ", "x", "a\\nb", "${X}", "\\u0000x"}));
    if (number(0, 2) == 0) result += fmt::format(", rename: \"{}\"", name());
    if (number(0, 2) == 0) result += fmt::format(", scale: {}", one_of({"1e-9", "0", "nan", "1e300", "-1", "x"}));
    if (number(0, 2) == 0) result += fmt::format(", default: {}", one_of({"0", "\"it's\"", "null", "[]"}));
    if (number(0, 2) == 0) result += ", metric_mapping: { \"it's\": 1, b: x }";
    return result + " }\n";
  }

  std::mt19937 random_;
};

TEST(ImportedFiles, AreAlwaysAccepted) {
  const std::vector<CatalogEntry> built_in = built_in_catalog();
  const TakenNames taken = built_in_names();
  int collectors = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const std::string source = OddFile(seed).text();
    const Imported imported = import_queries(source, "odd.yaml", taken);
    const TempDir folder;
    for (const ImportedCollector& collector : imported.collectors) {
      folder.write("q/" + collector.entry.name + ".yaml", catalog_text(collector));
      ++collectors;
    }
    folder.write("all.yaml", catalog_text(imported.collectors));
    for (const char* queries : {"queries: [q]\n", "queries: [all.yaml]\n"}) {
      if (imported.collectors.empty()) continue;
      Problems problems;
      auto section = Section::parse(queries, folder / "pgvigil.yaml", problems);
      decode_custom_queries(*section, built_in, taken);
      ASSERT_THAT(problems.lines(), testing::IsEmpty()) << seed << "\n" << source << catalog_text(imported.collectors);
    }
  }
  EXPECT_GT(collectors, 100);
}

}  // namespace
}  // namespace pgvigil
