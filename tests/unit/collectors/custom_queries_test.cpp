#include "collectors/custom_queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/collectors.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A collector's file with this name and these columns.
std::string entry(const std::string& name, const std::string& columns, const std::string& more = "") {
  return "name: " + name + "\nhelp: x\n" + more + "metric_prefix: " + name +
         "\nvariants: [{ query: SELECT 1 AS n }]\ncolumns:\n" + columns;
}

const std::string one_gauge = "  n: { usage: gauge, help: x }\n";

class CustomQueryFiles : public testing::Test {
 protected:
  CollectorOptions decode(const std::string& yaml) {
    auto section = Section::parse(yaml, folder_ / "pgvigil.yaml", problems_);
    return decode_collectors(*section);
  }
  std::vector<std::string> names(const CollectorOptions& options) {
    std::vector<std::string> result;
    for (const CustomQuery& query : options.custom.queries) result.push_back(query.entry.name);
    return result;
  }
  TempDir folder_;
  Problems problems_;
};

TEST_F(CustomQueryFiles, AreNamedByFileFolderOrPattern) {
  folder_.write("a/one.yaml", entry("one", one_gauge));
  folder_.write("a/two.yml", entry("two", one_gauge));
  folder_.write("a/notes.txt", "not read");
  folder_.write("b/three.yaml", entry("three", one_gauge));
  folder_.write("four.yaml", entry("four", one_gauge));
  const auto options = decode("queries: [four.yaml, a, 'b/*.yaml']\n");
  EXPECT_THAT(problems_.lines(), IsEmpty());
  EXPECT_THAT(names(options), ElementsAre("four", "one", "two", "three"));
}

TEST_F(CustomQueryFiles, MayHoldSeveralCollectors) {
  folder_.write("q.yaml", R"(collectors:
  - { name: one, help: x, metric_prefix: one, variants: [{ query: SELECT 1 AS n }], columns: { n: { usage: gauge, help: x } } }
  - { name: two, help: x, metric_prefix: two, variants: [{ query: SELECT 1 AS n }], columns: { n: { usage: gauge, help: x } } }
)");
  EXPECT_THAT(names(decode("queries: [q.yaml]\n")), ElementsAre("one", "two"));
  EXPECT_THAT(problems_.lines(), IsEmpty());
}

TEST_F(CustomQueryFiles, CanBeDisabledAndSlowedDownByTheirNames) {
  folder_.write("q.yaml", entry("one", one_gauge));
  const auto options = decode("queries: [q.yaml]\ndisable: [one]\nintervals: { one: 3m }\n");
  EXPECT_THAT(problems_.lines(), IsEmpty());
  const auto plan = plan_collectors(options);
  EXPECT_EQ(plan.back().entry.name, "one");
  EXPECT_EQ(plan.back().entry.interval, std::chrono::minutes(3));
  EXPECT_EQ(plan.back().off, "disabled in the configuration");
  EXPECT_EQ(plan.back().origin, (folder_ / "q.yaml").string() + ":1:7");
}

TEST_F(CustomQueryFiles, RunInEveryPresetUnlessTheyNameSome) {
  folder_.write("1.yaml", entry("one", one_gauge));
  folder_.write("2.yaml", entry("two", one_gauge, "presets: [full]\n"));
  const auto plan = plan_collectors(decode("queries: ['*.yaml']\npreset: minimal\n"));
  EXPECT_EQ(plan.at(plan.size() - 2).off, "");
  EXPECT_EQ(plan.back().off, "not in the preset minimal");
}

TEST_F(CustomQueryFiles, MustExist) {
  decode("queries: [nowhere.yaml, 'no*.yaml']\n");
  EXPECT_THAT(problems_.lines(),
              ElementsAre(HasSubstr("pgvigil.yaml:1:11: "), HasSubstr("no*.yaml: there is no such")));
}

TEST_F(CustomQueryFiles, MayNotDefineWhatExistsAlready) {
  folder_.write("1.yaml", entry("locks", one_gauge));
  folder_.write("2.yaml", entry("probe", one_gauge));
  folder_.write("3.yaml", entry("mine",
                                "  n: { usage: gauge, help: x, metric: pg_locks_count }\n"
                                "  m: { usage: gauge, help: x, metric: pg_up }\n"));
  folder_.write("4.yaml", entry("mine", one_gauge));
  folder_.write("5.yaml", entry("other", "  n: { usage: gauge, help: x, metric: mine_n }\n"));
  decode("queries: ['*.yaml']\n");
  EXPECT_THAT(problems_.lines(),
              ElementsAre(HasSubstr("1.yaml:1:7: there is a built-in collector 'locks'; with override: true"),
                          HasSubstr("2.yaml:1:7: there is a collector 'probe' already"),
                          HasSubstr("3.yaml:6:3: pg_locks_count is defined by the collector locks already"),
                          HasSubstr("3.yaml:7:3: pg_up is defined by the collector probe already"),
                          HasSubstr("4.yaml:1:7: there is a collector 'mine' already"),
                          HasSubstr("5.yaml:6:3: mine_n is defined by the collector mine already")));
}

TEST_F(CustomQueryFiles, MayNotDefineWhatCodeReports) {
  const std::vector<std::pair<std::string, std::string>> taken{
      {"pg_settings_max_connections", "the collector settings"},
      {"pg_settings_of_a_version_to_come", "the collector settings"},
      {"pg_stat_statements_calls_total", "the collector statements"},
      {"pg_stat_statements_calls", "the collector statements"},
      {"pg_stat_statements_query_info", "the collector statements"},
      {"pg_wait_seconds_total", "the collector wait_sampler"},
      {"pg_index_bloat_bytes", "the collector bloat"},
      {"process_open_fds", "the agent itself"},
      {"pg_exporter_last_scrape_error", "the agent itself"},
      {"pg_scrape_collector_success", "the agent itself"}};
  for (const auto& [name, owner] : taken) {
    Problems problems;
    folder_.write("q.yaml", entry("mine", "  n: { usage: gauge, help: x, metric: " + name + " }\n"));
    auto section = Section::parse("queries: [q.yaml]\n", folder_ / "pgvigil.yaml", problems);
    decode_collectors(*section);
    EXPECT_THAT(problems.lines(),
                ElementsAre(HasSubstr("q.yaml:6:3: " + name + " is defined by " + owner + " already")));
  }
}

TEST_F(CustomQueryFiles, MayUseNamesBesideThoseOfCode) {
  folder_.write("q.yaml", entry("mine",
                                "  a: { usage: gauge, help: x, metric: pg_stat_statements_mean_time_seconds }\n"
                                "  b: { usage: gauge, help: x, metric: pg_wait_mine }\n"
                                "  c: { usage: gauge, help: x, metric: processes_ }\n"
                                "  d: { usage: gauge, help: x, metric: processes_more }\n"));
  decode("queries: [q.yaml]\n");
  EXPECT_THAT(problems_.lines(), IsEmpty());
}

TEST_F(CustomQueryFiles, MayTakeThePlaceOfABuiltInCollector) {
  folder_.write("q.yaml",
                entry("locks", "  n: { usage: gauge, help: x, metric: pg_locks_count }\n", "override: true\n"));
  const std::size_t before = plan_collectors({}).size();
  const auto plan = plan_collectors(decode("queries: [q.yaml]\n"));
  EXPECT_THAT(problems_.lines(), IsEmpty());
  EXPECT_THAT(plan, SizeIs(before));
  EXPECT_EQ(plan.back().entry.name, "locks");
  EXPECT_THAT(plan.back().entry.columns, SizeIs(1));
}

TEST_F(CustomQueryFiles, MayHaveTheNamesOfTheBuiltInCollectorWhosePlaceTheyTake) {
  folder_.write("q.yaml", entry("configuration", "  n: { usage: gauge, help: x, metric: pg_settings_fingerprint }\n",
                                "override: true\n"));
  decode("queries: [q.yaml]\n");
  EXPECT_THAT(problems_.lines(), IsEmpty());
}

TEST_F(CustomQueryFiles, TakeThePlaceOfExistingCollectorsOnly) {
  folder_.write("q.yaml", entry("mine", one_gauge, "override: true\n"));
  decode("queries: [q.yaml]\n");
  EXPECT_THAT(problems_.lines(), ElementsAre(HasSubstr("no built-in collector 'mine' to take the place of")));
}

TEST_F(CustomQueryFiles, MayNotUseReservedNamesOrReturnNothing) {
  folder_.write("1.yaml", entry("one", "  le: { usage: label }\n" + one_gauge));
  folder_.write("2.yaml", entry("two", "  n: { usage: gauge, help: x, metric: pgvigil_mine }\n"));
  folder_.write("3.yaml", entry("three", "  n: { usage: label }\n"));
  folder_.write("4.yaml", entry("four", one_gauge + one_gauge));
  folder_.write("5.yaml", entry("'fi ve'", one_gauge));
  decode("queries: ['*.yaml']\n");
  EXPECT_THAT(problems_.lines(),
              testing::AllOf(testing::Contains(HasSubstr("1.yaml:6:3: the label le is reserved")),
                             testing::Contains(HasSubstr("2.yaml:6:3: pgvigil_mine: names that begin with")),
                             testing::Contains(HasSubstr("3.yaml:6:3: no column is a gauge or a counter")),
                             testing::Contains(HasSubstr("4.yaml:7:3: n: this key stands here twice")),
                             testing::Contains(HasSubstr("5.yaml:1:7: 'fi ve': a name has letters"))));
}

TEST_F(CustomQueryFiles, GetAdviceThatIsNoProblem) {
  folder_.write("q.yaml", entry("app", "  wait_ms: { usage: counter, help: x }\n", "interval: 5s\ntimeout: 5s\n"));
  const auto options = decode("queries: [q.yaml]\n");
  EXPECT_THAT(problems_.lines(), IsEmpty());
  EXPECT_THAT(options.custom.advice,
              ElementsAre(HasSubstr("q.yaml:8:3: app_wait_ms: a counter ends in _total"),
                          HasSubstr("q.yaml:8:3: app_wait_ms: ms is no base unit"),
                          HasSubstr("q.yaml:1:7: the timeout is not shorter than the interval")));
}

}  // namespace
}  // namespace pgvigil
