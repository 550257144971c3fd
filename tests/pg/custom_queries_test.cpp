// Users' own queries, and those of other exporters, against a real server.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "collectors/collectors.h"
#include "collectors/import/catalog_text.h"
#include "collectors/import/import.h"
#include "collectors/query_trial.h"
#include "collectors/session_task.h"
#include "collectors/sql_reader.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

class CustomQueriesOnServers : public testing::TestWithParam<int> {
 protected:
  static void TearDownTestSuite() { made().clear(); }

  // One server a version for all tests, with an application's tables and a role that may read some of them.
  static PgCluster& cluster() {
    auto& cluster = made()[GetParam()];
    if (cluster) return *cluster;
    cluster = std::make_unique<PgCluster>(GetParam());
    create_monitoring_role(*cluster);
    for (const char* statement :
         {"CREATE SCHEMA app", "GRANT USAGE ON SCHEMA app TO pgvigil",
          "CREATE TABLE app.orders (shop text, state text, placed timestamptz, took interval, total numeric)",
          "INSERT INTO app.orders VALUES ('north', 'open', '2026-01-01 00:00:00+00', '90 s', 12.5),"
          " ('north', 'open', NULL, '1 h', 7), ('south', 'shut', '2026-01-02 00:00:00+00', NULL, NULL)",
          "CREATE TABLE app.salaries (amount int)", "GRANT SELECT ON app.orders TO pgvigil",
          "CREATE SCHEMA \"stats of statements\"", "GRANT USAGE ON SCHEMA \"stats of statements\" TO pgvigil",
          "CREATE EXTENSION pg_stat_statements SCHEMA \"stats of statements\"",
          "CREATE TABLE app.jobs (queue text, state text, created_at timestamptz, finished_at timestamptz)",
          "INSERT INTO app.jobs VALUES ('mail', 'waiting', now() - interval '10 s', NULL),"
          " ('mail', 'done', now(), now())",
          "GRANT SELECT ON app.jobs TO pgvigil"}) {
      cluster->execute(statement);
    }
    return *cluster;
  }

  ConnectionPool::Lease lease() { return connections_.lease(clock_.steady_now() + seconds(5), {}); }

  static CatalogEntry decode(const std::string& yaml) {
    Problems problems;
    auto section = Section::parse(yaml, "app.yaml", problems);
    CatalogEntry entry = decode_catalog_entry(*section);
    entry.users_own = true;
    EXPECT_THAT(problems.lines(), IsEmpty());
    return entry;
  }

  // Everything that is wrong with the variants of a collector with this query and these columns.
  std::vector<std::string> problems_of(const std::string& query, const std::string& columns) {
    const CatalogEntry entry = decode(
        fmt::format("name: app\nhelp: x\nmetric_prefix: app\nvariants: [{{ query: \"{}\" }}]\ncolumns: {{ {} }}\n",
                    query, columns));
    auto session = lease();
    return try_variants(entry, session).at(0).problems;
  }

  // What a run of the collector exports: "name{label,…}" of the first label row and all, and the value.
  std::map<std::string, double> run(const CatalogEntry& entry) {
    SessionTask task(std::make_unique<SqlReader>(entry));
    RunContext context{connections_, clock_, clock_.steady_now() + seconds(5), {}, {}, {}, 0, nullptr};
    std::map<std::string, double> series;
    for (const Family& family : task.run(context)) {
      for (const auto& sample : family.samples) {
        std::string labels;
        for (const std::string& value : sample.label_values) labels += "," + value;
        if (!std::isnan(sample.value)) series[family.name + labels] = sample.value;
      }
    }
    EXPECT_EQ(context.skipped, "");
    return series;
  }

  static PgOptions agent_options() {
    PgOptions options;
    options.conninfo = cluster().conninfo("postgres", "pgvigil");
    return options;
  }

  SystemClock clock_;
  PgOptions options_ = agent_options();
  ConnectionPool connections_{options_, 2, clock_};

 private:
  static std::map<int, std::unique_ptr<PgCluster>>& made() {
    static std::map<int, std::unique_ptr<PgCluster>> clusters;
    return clusters;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, CustomQueriesOnServers, testing::ValuesIn(PgCluster::usual_versions()));

TEST_P(CustomQueriesOnServers, AreTriedWithoutRunning) {
  const std::string n = "n: { usage: gauge, help: x }";
  EXPECT_THAT(problems_of("SELECT count(*) AS n FROM app.orders", n), IsEmpty());
  EXPECT_THAT(problems_of("SELECT max(placed) AS n FROM app.orders;", n), IsEmpty());
  EXPECT_THAT(problems_of("SELECT 1/count(*) AS n FROM app.orders WHERE false", n), IsEmpty());
  EXPECT_THAT(problems_of("SELECT max(took) AS n FROM app.orders", n),
              ElementsAre("the column n is interval, not a number: use EXTRACT(EPOCH FROM n)"));
  EXPECT_THAT(problems_of("SELECT 1 AS n, 'x' AS m", n), ElementsAre(HasSubstr("the column m, which is not declared")));
  EXPECT_THAT(problems_of("SELECT 1 AS m", n), Contains(HasSubstr("does not return the declared column n")));
  EXPECT_THAT(problems_of("SELEC 1 AS n", n), ElementsAre(HasSubstr("syntax error")));
  EXPECT_THAT(problems_of("SELECT 1 AS n; SELECT 2", n), ElementsAre(HasSubstr("cannot insert multiple commands")));
  EXPECT_THAT(problems_of("SELECT count(*) AS n FROM orders", n),
              ElementsAre(HasSubstr("needs its schema: schema.name")));
  EXPECT_THAT(problems_of("SELECT sum(amount) AS n FROM app.salaries", n),
              ElementsAre(HasSubstr("permission denied for table salaries")));
}

TEST_P(CustomQueriesOnServers, ThatAreNoPlainQueryAreFoundByTheTrial) {
  const std::string n = "n: { usage: gauge, help: x }";
  EXPECT_THAT(problems_of("WITH gone AS (DELETE FROM app.jobs RETURNING 1) SELECT count(*) AS n FROM gone", n),
              ElementsAre(HasSubstr("DECLARE CURSOR")));
  EXPECT_THAT(problems_of("BEGIN", n), Not(IsEmpty()));
}

TEST_P(CustomQueriesOnServers, LeaveNothingBehindInTheirSession) {
  const auto entry = [](const std::string& query) {
    return decode(
        fmt::format("name: app\nhelp: x\nmetric_prefix: app\nvariants: [{{ query: \"{}\" }}]\n"
                    "columns: {{ n: {{ usage: gauge, help: x }}, x: {{ usage: discard }} }}\n",
                    query));
  };
  const auto asked = [&](const char* sql) { return lease().connection().query(sql, seconds(2)).text(0, 0); };
  const std::string backend = asked("SELECT pg_backend_pid()");
  EXPECT_THROW(run(entry("BEGIN")), Error);
  run(entry("SELECT 1 AS n, set_config('default_transaction_read_only', 'off', false) AS x"));
  run(entry("SELECT 1 AS n, set_config('search_path', 'app', false) AS x"));
  run(entry("SELECT 1 AS n, pg_advisory_lock(7)::text AS x"));
  EXPECT_EQ(asked("SHOW default_transaction_read_only"), "on");
  EXPECT_EQ(asked("SHOW search_path"), "pg_catalog");
  EXPECT_EQ(asked("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  EXPECT_FALSE(lease().connection().in_transaction());
  EXPECT_EQ(asked("SELECT pg_backend_pid()"), backend);
}

TEST_P(CustomQueriesOnServers, WithTooManyRowsAreCutAndWithTooLargeOnesRefused) {
  const auto entry = [](const std::string& shop, int rows) {
    return decode(
        fmt::format("name: app\nhelp: x\nmetric_prefix: app\ntimeout: 10s\nmax_series: 20000\n"
                    "variants: [{{ query: \"SELECT {} AS shop, g AS n FROM generate_series(1, {}) g\" }}]\n"
                    "columns: {{ shop: {{ usage: label }}, n: {{ usage: gauge, help: x }} }}\n",
                    shop, rows));
  };
  EXPECT_EQ(run(entry("g", 30000)).size(), 20000U);
  try {
    run(entry("g || repeat('x', 10000)", 60000));
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("more than 64 MiB"));
  }
}

TEST_P(CustomQueriesOnServers, AreTriedInEveryVariantThatFits) {
  const CatalogEntry entry = decode(R"(
name: app
help: x
metric_prefix: app
variants:
  - { when: { server: ">=99" }, query: SELECT nonsense }
  - { when: { role: primary }, query: SELECT 1 AS n }
  - { query: SELECT nonsense }
columns: { n: { usage: gauge, help: x } }
)");
  auto session = lease();
  const auto trials = try_variants(entry, session);
  EXPECT_EQ(trials.at(0).not_here, "needs PostgreSQL >=99");
  EXPECT_THAT(trials.at(1).problems, IsEmpty());
  EXPECT_THAT(trials.at(2).problems, ElementsAre(HasSubstr("column \"nonsense\" does not exist")));
}

TEST_P(CustomQueriesOnServers, MayReturnTimestamps) {
  const auto series = run(decode(R"(
name: app
help: x
metric_prefix: app
variants: [{ query: "SELECT shop, max(placed) AS placed_timestamp_seconds FROM app.orders GROUP BY shop" }]
columns: { shop: { usage: label }, placed_timestamp_seconds: { usage: gauge, help: x } }
)"));
  EXPECT_THAT(series, ElementsAre(Pair("app_placed_timestamp_seconds,north", 1767225600),
                                  Pair("app_placed_timestamp_seconds,south", 1767312000)));
}

TEST_P(CustomQueriesOnServers, HarmNothingButThemselvesWhenTheyFail) {
  const TempDir folder;
  folder.write("bad.yaml", R"(collectors:
  - { name: bad, help: x, metric_prefix: bad, variants: [{ query: SELECT 1/0 AS n }], columns: { n: { usage: gauge, help: x } } }
  - { name: good, help: x, metric_prefix: good, variants: [{ query: SELECT 42 AS n }], columns: { n: { usage: gauge, help: x } } }
)");
  Problems problems;
  auto section = Section::parse("queries: [bad.yaml]\n", folder / "pgvigil.yaml", problems);
  CollectorOptions collectors = decode_collectors(*section);
  collectors.only = {"probe", "bad", "good", "locks"};
  LocalStore store(folder / "memory.sqlite");
  ASSERT_THAT(problems.lines(), IsEmpty());
  std::set<std::string> failed;
  std::map<std::string, double> values;
  for (const TaskPtr& task : make_collectors(collectors, options_, store, clock_)) {
    RunContext context{connections_, clock_, clock_.steady_now() + seconds(10), {}, {}, {}, 0, nullptr};
    try {
      for (const Family& family : task->run(context)) {
        if (!family.samples.empty()) values[family.name] = (*family.samples.begin()).value;
      }
    } catch (const Error& error) {
      failed.insert(task->info().name + ": " + error.what());
    }
  }
  EXPECT_THAT(failed, ElementsAre("bad: division by zero"));
  EXPECT_THAT(values, Contains(Pair("good_n", 42)));
  EXPECT_THAT(values, Contains(Pair("pg_up", 1)));
  EXPECT_THAT(values, Contains(Key("pg_locks_count")));
}

// How runs of a user's query end: "" or why it failed.
class OneQuery {
 public:
  OneQuery(ConnectionPool& connections, const Clock& clock, const std::string& query, const std::string& columns)
      : connections_(connections), clock_(clock) {
    folder_.write("q.yaml", fmt::format("name: mine\nhelp: x\nmetric_prefix: mine\nvariants: [{{ query: \"{}\" }}]\n"
                                        "columns: {{ {} }}\n",
                                        query, columns));
    Problems problems;
    auto section = Section::parse("queries: [q.yaml]\n", folder_ / "pgvigil.yaml", problems);
    CollectorOptions collectors = decode_collectors(*section);
    collectors.only = {"mine"};
    EXPECT_THAT(problems.lines(), IsEmpty());
    LocalStore store(folder_ / "memory.sqlite");
    tasks_ = make_collectors(collectors, connections.options(), store, clock);
  }

  std::string run() {
    RunContext context{connections_, clock_, clock_.steady_now() + seconds(10), {}, {}, {}, 0, nullptr};
    try {
      tasks_.at(0)->run(context);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

 private:
  ConnectionPool& connections_;
  const Clock& clock_;
  TempDir folder_;
  std::vector<TaskPtr> tasks_;
};

TEST_P(CustomQueriesOnServers, FailWithTheReasonInsteadOfBeingAbsentWhenTheirResultIsNotAsDeclared) {
  const std::string v = "v: { usage: gauge, help: x }";
  const auto run_of = [&](const std::string& query) { return OneQuery(connections_, clock_, query, v).run(); };
  EXPECT_EQ(run_of("SELECT 1 AS v"), "");
  EXPECT_THAT(run_of("SELECT 'x'::text AS v"), HasSubstr("the column v is text, not a number"));
  EXPECT_THAT(run_of("SELECT interval '1 s' AS v"), HasSubstr("use EXTRACT(EPOCH FROM v)"));
  EXPECT_THAT(run_of("SELECT 1 AS v, 2 AS v"), HasSubstr("returns the column v more than once"));
  EXPECT_THAT(run_of("SELECT 1 AS w"), HasSubstr("does not return the declared column v"));
  EXPECT_THAT(run_of("SELECT 1 AS v FROM nowhere"), HasSubstr("\"nowhere\" does not exist"));
}

TEST_P(CustomQueriesOnServers, AreDescribedOnceASession) {
  OneQuery query(connections_, clock_, "SELECT 1 AS v", "v: { usage: gauge, help: x }");
  EXPECT_EQ(query.run(), "");
  auto session = lease();
  EXPECT_THAT(session.checked(), ElementsAre("SELECT 1 AS v"));
}

constexpr auto queries_of_postgres_exporter = R"yaml(
app_orders:
  query: "SELECT shop, count(*) AS waiting, min(state) AS state, max(placed) AS newest, max(took) AS took FROM app.orders GROUP BY shop;"
  master: true
  cache_seconds: 30
  metrics:
    - shop:
        usage: "LABEL"
        description: "Shop"
    - waiting:
        usage: "GAUGE"
        description: "Orders"
    - state:
        usage: "MAPPEDMETRIC"
        description: "State"
        metric_mapping: { open: 1, shut: 0 }
    - newest:
        usage: "COUNTER"
        description: "When"
    - took:
        usage: "DISCARD"
        description: "How long"
app_everything:
  query: "SELECT * FROM pg_catalog.pg_stat_database WHERE datname = current_database()"
  runonserver: ">=10.0.0"
  metrics:
    - datname: { usage: "LABEL", description: "Database" }
    - numbackends: { usage: "GAUGE", description: "Sessions" }
)yaml";

TEST_P(CustomQueriesOnServers, OfPostgresExporterKeepTheirNamesAndValues) {
  const Imported imported = import_queries(queries_of_postgres_exporter, "queries.yaml", built_in_names());
  EXPECT_THAT(imported.notes, IsEmpty());
  ASSERT_EQ(imported.collectors.size(), 2U);
  EXPECT_THAT(run(decode(catalog_text(imported.collectors[0]))),
              ElementsAre(Pair("app_orders_newest,north", 1767225600), Pair("app_orders_newest,south", 1767312000),
                          Pair("app_orders_state,north", 1), Pair("app_orders_state,south", 0),
                          Pair("app_orders_waiting,north", 2), Pair("app_orders_waiting,south", 1)));
  EXPECT_THAT(run(decode(catalog_text(imported.collectors[1]))),
              ElementsAre(Key("app_everything_numbackends,postgres")));
}

constexpr auto collectors_of_pg_exporter = R"yaml(
app_new:
  name: app
  desc: the application on new servers
  query: |
    SELECT shop, sum(total) AS total, 1 AS backlog
      FROM app.orders GROUP BY shop; -- by shop
  ttl: 10
  min_version: 150000
  tags: [ cluster ]
  metrics:
    - shop:    { usage: LABEL, rename: store, description: "shop" }
    - total:   { usage: COUNTER, rename: turnover, default: -1, scale: 1e-3, description: "money" }
    - backlog: { usage: GAUGE, description: "open orders" }
app_old:
  name: app
  desc: the application on old servers
  query: SELECT shop, sum(total) AS turnover FROM app.orders GROUP BY shop
  ttl: 10
  min_version: 100000
  max_version: 150000
  tags: [ cluster, primary ]
  metrics:
    - shop:     { usage: LABEL, rename: store, description: "shop" }
    - turnover: { usage: COUNTER, default: -1, scale: 1e-3, description: "money" }
app_statements:
  query: SELECT count(*) > 0 AS seen FROM pg_stat_statements
  tags: [ cluster, "extension:pg_stat_statements" ]
  metrics:
    - seen: { usage: GAUGE, description: "whether there are any" }
)yaml";

TEST_P(CustomQueriesOnServers, OfPgExporterKeepTheirNamesAndValues) {
  const Imported imported = import_queries(collectors_of_pg_exporter, "app.yml", built_in_names());
  EXPECT_THAT(imported.notes, IsEmpty());
  ASSERT_EQ(imported.collectors.size(), 2U);
  std::map<std::string, double> expected{{"app_turnover,north", 0.0195}, {"app_turnover,south", -0.001}};
  if (GetParam() >= 15) expected.insert({{"app_backlog,north", 1}, {"app_backlog,south", 1}});
  EXPECT_EQ(run(decode(catalog_text(imported.collectors[0]))), expected);
  EXPECT_THAT(run(decode(catalog_text(imported.collectors[1]))), ElementsAre(Pair("app_statements_seen", 1)));
}

TEST_P(CustomQueriesOnServers, AreAsTheDocumentShowsThem) {
  const std::string document = slurp(SOURCE_DIR "/docs/queries.md");
  const auto start = document.find("```yaml\nname:") + 8;
  const CatalogEntry entry = decode(document.substr(start, document.find("```", start) - start));
  {
    auto session = lease();
    for (const VariantTrial& trial : try_variants(entry, session)) EXPECT_THAT(trial.problems, IsEmpty());
  }
  EXPECT_THAT(run(entry), Contains(Pair("app_jobs_waiting,mail", 1)));
}

}  // namespace
}  // namespace pgvigil
