#include "collectors/import/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/import/catalog_text.h"
#include "collectors/import/import_sql.h"

namespace pgvigil {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

Imported import_text(const std::string& yaml, const TakenNames& taken = {}) {
  return import_queries(yaml, "q.yaml", taken);
}

CatalogEntry decoded(const ImportedCollector& collector) {
  Problems problems;
  const std::string text = catalog_text(collector);
  auto section = Section::parse(text, "ours.yaml", problems);
  CatalogEntry entry;
  if (section) entry = decode_catalog_entry(*section);
  EXPECT_THAT(problems.lines(), IsEmpty()) << text;
  return entry;
}

std::vector<std::string> metrics(const Imported& imported) {
  std::vector<std::string> result;
  for (const ImportedCollector& collector : imported.collectors) {
    for (const CatalogColumn& column : decoded(collector).columns) {
      if (column.is_value()) result.push_back(column.metric);
    }
  }
  return result;
}

TEST(PostgresExporterFiles, BecomeCollectorsWithTheSameMetrics) {
  const Imported imported = import_text(R"(
app_orders:
  query: "SELECT shop, waiting, age FROM app.orders;"
  master: true
  cache_seconds: 60
  metrics:
    - shop: { usage: "LABEL", description: "The shop" }
    - waiting:
        usage: "GAUGE"
        description: "Orders that wait"
    - age: { usage: "COUNTER" }
)");
  EXPECT_EQ(imported.format, "postgres_exporter");
  EXPECT_THAT(imported.notes, IsEmpty());
  EXPECT_THAT(metrics(imported), ElementsAre("app_orders_waiting", "app_orders_age"));
  const CatalogEntry entry = decoded(imported.collectors.at(0));
  EXPECT_EQ(entry.name, "app_orders");
  EXPECT_EQ(entry.interval, std::chrono::seconds(60));
  EXPECT_EQ(entry.variants.at(0).query, "SELECT shop, waiting, age FROM app.orders");
  EXPECT_TRUE(entry.columns.at(0).is_label());
  EXPECT_EQ(entry.columns.at(1).help, "Orders that wait");
  EXPECT_EQ(entry.columns.at(2).usage, CatalogColumn::Usage::counter);
}

TEST(PostgresExporterFiles, MapTextsToNumbers) {
  const Imported imported = import_text(R"(
app:
  query: SELECT state, n FROM app.state
  metrics:
    - state: { usage: MAPPEDMETRIC, metric_mapping: { up: 1, "it's down": 0 } }
    - n: { usage: GAUGE }
)");
  EXPECT_EQ(decoded(imported.collectors.at(0)).variants.at(0).query,
            R"(SELECT CASE "state"::text WHEN 'up' THEN 1 WHEN 'it''s down' THEN 0 END AS "state",
       "n"
  FROM (
SELECT state, n FROM app.state
) AS imported)");
}

TEST(PostgresExporterFiles, SayWhatIsNotCarriedOverAndWhere) {
  const Imported imported = import_text(R"(old:
  query: SELECT 1 AS n
  runonserver: "<10.0.0"
  metrics: [{ n: { usage: GAUGE } }]
app:
  query: SELECT 1 AS n, '5m' AS d, 1 AS h
  favourite: blue
  metrics:
    - n: { usage: GAUGE }
    - d: { usage: DURATION }
    - h: { usage: HISTOGRAM }
    - p: { usage: GAUGE, pg_version: ">=9.4.0" }
)");
  EXPECT_THAT(imported.notes, ElementsAre(HasSubstr("q.yaml:2:3: old is left out: it is for servers before 13 only"),
                                          HasSubstr("q.yaml:10:7: d: usage DURATION is not carried over"),
                                          HasSubstr("q.yaml:11:7: h: histograms are not carried over"),
                                          HasSubstr("q.yaml:12:7: p: pg_version is not carried over"),
                                          HasSubstr("q.yaml:7:14: app: the key favourite is not carried over")));
  EXPECT_THAT(metrics(imported), ElementsAre("app_n", "app_p"));
  EXPECT_THAT(catalog_text(imported.collectors.at(0)), HasSubstr("h_bucket: { usage: discard }"));
}

TEST(PostgresExporterFiles, RunOnTheServersThatTheyAreFor) {
  const auto entry = decoded(import_text(R"(
app:
  query: SELECT 1 AS n
  runonserver: ">=9.6.0 <14.0.0 || >= 16.2.0"
  metrics: [{ n: { usage: GAUGE } }]
)")
                                 .collectors.at(0));
  ASSERT_THAT(entry.variants, SizeIs(2));
  EXPECT_EQ(entry.variants[0].when.server.text(), "<14");
  EXPECT_EQ(entry.variants[1].when.server.text(), ">=16");
}

TEST(PostgresExporterFiles, DoNotDefineWhatIsBuiltIn) {
  TakenNames taken;
  taken.collectors = {"app"};
  taken.families = {{"app_size", "the collector database_size"}, {"gone_n", "the collector locks"}};
  const Imported imported = import_text(R"(
app:
  query: SELECT 1 AS size, 2 AS other
  metrics: [{ size: { usage: GAUGE } }, { other: { usage: GAUGE } }]
gone:
  query: SELECT 1 AS n
  metrics: [{ n: { usage: GAUGE } }]
)",
                                        taken);
  EXPECT_THAT(imported.notes, ElementsAre(HasSubstr("app_size is left out: the collector database_size has it already"),
                                          HasSubstr("gone_n is left out: the collector locks has it already"),
                                          HasSubstr("gone is left out: no metric of it remains")));
  EXPECT_THAT(metrics(imported), ElementsAre("app_other"));
  EXPECT_EQ(imported.collectors.at(0).entry.name, "imported_app");
}

TEST(PgExporterFiles, BecomeCollectorsWithTheSameMetrics) {
  const Imported imported = import_text(R"(
app_13:
  name: app
  desc: What the application does
  query: |
    SELECT shop,
           write_time
      FROM app.orders;
  ttl: 60
  timeout: 0.5
  min_version: 130000
  max_version: 180000
  fatal: false
  skip: false
  tags: [ cluster, primary, "extension:hstore" ]
  metrics:
    - shop:       { usage: LABEL ,description: "the shop" }
    - write_time: { usage: COUNTER ,scale: 1e-3 ,description: "time spent" }
)");
  EXPECT_EQ(imported.format, "pg_exporter");
  EXPECT_THAT(imported.notes, IsEmpty());
  EXPECT_THAT(metrics(imported), ElementsAre("app_write_time"));
  const CatalogEntry entry = decoded(imported.collectors.at(0));
  EXPECT_EQ(entry.help, "What the application does");
  EXPECT_EQ(entry.interval, std::chrono::seconds(60));
  EXPECT_EQ(entry.timeout, milliseconds(500));
  EXPECT_EQ(entry.scope, Scope::cluster);
  EXPECT_EQ(entry.columns.at(1).scale, 0.001);
  const CatalogVariant& variant = entry.variants.at(0);
  EXPECT_EQ(variant.when.server.text(), "<18");
  EXPECT_EQ(variant.when.role, ServerRole::primary);
  EXPECT_EQ(variant.when.extension, "hstore");
  EXPECT_EQ(variant.query, "SELECT shop,\n       write_time\n  FROM app.orders");
}

constexpr auto two_branches = R"(
app_new:
  name: app
  query: SELECT shop, w, lag FROM app.new
  min_version: 170000
  tags: [cluster]
  metrics:
    - shop: { usage: LABEL, rename: store }
    - w:    { usage: COUNTER, rename: write_time }
    - lag:  { usage: GAUGE, default: 0 }
app_old:
  name: app
  query: SELECT shop, write_time, region FROM app.old
  max_version: 170000
  tags: [cluster]
  metrics:
    - shop:       { usage: LABEL, rename: store }
    - write_time: { usage: COUNTER, scale: 0.001 }
    - region:     { usage: LABEL }
)";

TEST(PgExporterFiles, MakeVariantsOfBranchesWithOneName) {
  const Imported imported = import_text(two_branches);
  EXPECT_THAT(imported.notes, IsEmpty());
  ASSERT_THAT(imported.collectors, SizeIs(1));
  EXPECT_THAT(metrics(imported), ElementsAre("app_write_time", "app_lag"));
  const CatalogEntry entry = decoded(imported.collectors.at(0));
  ASSERT_THAT(entry.variants, SizeIs(2));
  EXPECT_EQ(entry.variants[0].when.server.text(), ">=17");
  EXPECT_EQ(entry.variants[1].when.server.text(), "<17");
  EXPECT_EQ(entry.variants[0].query, R"(SELECT "shop" AS "store",
       "w" AS "write_time",
       COALESCE("lag", '0') AS "lag",
       NULL::text AS "region"
  FROM (
SELECT shop, w, lag FROM app.new
) AS imported)");
  EXPECT_THAT(entry.variants[1].query, StartsWith(R"(SELECT "shop" AS "store",
       "write_time" * 0.001 AS "write_time",
       NULL::float8 AS "lag",
       "region"
)"));
}

TEST(PgExporterFiles, SayWhatIsNotCarriedOverAndWhere) {
  const Imported imported = import_text(R"(pgbouncer_list:
  query: SHOW LISTS;
  tags: [pgbouncer]
  metrics: [{ n: { usage: GAUGE } }]
off:
  query: SELECT 1 AS n
  skip: true
  metrics: [{ n: { usage: GAUGE } }]
app:
  query: SELECT 1 AS n, 2 AS age
  min_version: 90600
  fatal: true
  tags: [cluster, dbname:shop, "schema:monitor", "not:slow", gold]
  predicate_queries: [{ name: x, predicate_query: SELECT true }]
  metrics:
    - n: { usage: GAUGE }
    - age: { usage: HISTOGRAM, bucket: [1, 3] }
everywhere:
  query: SELECT 1 AS n
  min_version: 140005
  metrics: [{ n: { usage: GAUGE } }]
)");
  EXPECT_THAT(
      imported.notes,
      ElementsAre(HasSubstr("q.yaml:2:3: pgbouncer_list is left out: it is for pgbouncer"),
                  HasSubstr("q.yaml:6:3: off is left out: skip is set"),
                  HasSubstr("q.yaml:13:19: tag dbname:shop is not carried over"),
                  HasSubstr("tag schema:monitor is not carried over"), HasSubstr("tag not:slow is not carried over"),
                  HasSubstr("tag gold is not carried over"), HasSubstr("q.yaml:17:7: age: histograms are not carried"),
                  HasSubstr("q.yaml:12:10: app: fatal is not carried over"),
                  HasSubstr("q.yaml:14:22: app: predicate_queries are not carried over"),
                  HasSubstr("q.yaml:19:3: minor versions are rounded"),
                  HasSubstr("q.yaml:19:3: runs in the connected database only")));
  EXPECT_THAT(metrics(imported), ElementsAre("app_n", "everywhere_n"));
}

TEST(PgExporterFiles, ReadEveryDatabaseUnlessTheyAreOfTheCluster) {
  const Imported imported = import_text(R"(
app:
  query: SELECT current_database() AS datname, 1 AS n
  ttl: 10
  metrics: [{ datname: { usage: LABEL } }, { n: { usage: GAUGE } }]
)");
  EXPECT_THAT(imported.notes, IsEmpty());
  EXPECT_EQ(decoded(imported.collectors.at(0)).scope, Scope::database);
}

TEST(ImportedQueries, FindStatementsInTheSchemaOfTheExtension) {
  const CatalogEntry entry = decoded(import_text(R"(
app:
  query: SELECT count(*) AS n FROM pg_stat_statements s JOIN public.pg_stat_statements_info i ON true
  metrics: [{ n: { usage: GAUGE } }]
)")
                                         .collectors.at(0));
  EXPECT_EQ(entry.variants.at(0).when.extension, "pg_stat_statements");
  EXPECT_THAT(entry.variants.at(0).query,
              HasSubstr("FROM {extension_schema}.pg_stat_statements s JOIN public.pg_stat"));
}

TEST(ImportedQueries, ReturnTheirColumnsOnlyWhereTheySelectEverything) {
  const CatalogEntry entry = decoded(import_text(R"(
app:
  query: "SELECT *, now() AS n -- all of it\n  FROM app.t"
  metrics: [{ n: { usage: GAUGE } }, { other: { usage: DISCARD } }]
)")
                                         .collectors.at(0));
  EXPECT_EQ(entry.variants.at(0).query,
            "SELECT \"n\"\n  FROM (\nSELECT *, now() AS n -- all of it\n  FROM app.t\n) AS imported");
  EXPECT_THAT(entry.columns, SizeIs(1));
}

TEST(ImportedQueries, EndWhereTheirLastWordEnds) {
  EXPECT_EQ(bare_query("  SELECT 1;  "), "SELECT 1");
  EXPECT_EQ(bare_query("SELECT 1 -- one\n , ';' ; -- done;\n/* all */ ;"), "SELECT 1 -- one\n , ';'");
  EXPECT_EQ(bare_query("SELECT $a$;$a$; --"), "SELECT $a$;$a$");
  EXPECT_EQ(bare_query("SELECT 'it''s -- no comment'"), "SELECT 'it''s -- no comment'");
  EXPECT_EQ(bare_query(" ; "), "");
  const std::string odd = R"(SELECT /* a /* nested */ b ; */ E'it\'s; -- x' AS l, 1 AS v)";
  EXPECT_EQ(bare_query(odd + "; -- done"), odd);
  EXPECT_EQ(bare_query(R"(SELECT 'a\' AS l; -- it's)"), R"(SELECT 'a\' AS l)");
  EXPECT_EQ(bare_query(R"(SELECT U&'\0041', B'1', N'x', U&"a;b", e'\\'; --')"),
            R"(SELECT U&'\0041', B'1', N'x', U&"a;b", e'\\')");
  EXPECT_EQ(bare_query("SELECT $tag$ $$ ; $tag$, a$b$c, 1 -- $b$\r;"), "SELECT $tag$ $$ ; $tag$, a$b$c, 1");
  EXPECT_EQ(bare_query("SELECT type'x;' ;"), "SELECT type'x;'");
}

TEST(ImportedQueries, SelectEverythingByAStarInTheList) {
  for (const char* query : {"SELECT * FROM t", "select a, t.* FROM t", "SELECT DISTINCT\n * FROM t"}) {
    EXPECT_TRUE(selects_everything(query)) << query;
  }
  for (const char* query : {"SELECT count(*) FROM t", "SELECT a * b FROM t", "SELECT ', *' AS a -- , *\n FROM t",
                            "SELECT /* all, * */ a FROM t", "SELECT 2 * 3, 4"}) {
    EXPECT_FALSE(selects_everything(query)) << query;
  }
}

TEST(ImportedQueries, GetOtherNamesWhereOurReaderWouldRefuseTheirs) {
  const Imported imported = import_text(R"(
app-1:
  query: SELECT 1 AS n
  metrics: [{ n: { usage: GAUGE } }]
)");
  EXPECT_THAT(imported.notes, Contains(HasSubstr("app-1_n is called app_1_n here")));
  EXPECT_THAT(import_text("a: [").notes, Contains(HasSubstr("q.yaml:")));
  EXPECT_THAT(import_text("just: text").notes, ElementsAre(HasSubstr("q.yaml:1:7: just is left out")));
}

TEST(CatalogTexts, AreReadBackAsTheyWere) {
  for (const std::string& query :
       {std::string("SELECT 1"), std::string("SELECT '${HOME} $${x}' AS \"a b\"\n\n   , 2 -- # no comment: [x]"),
        std::string("SELECT\t1\n\t,2"), std::string("--first\n  SELECT 'ü\\n'"), std::string("SELECT '\r\n'"),
        std::string("- SELECT: |\n  'x'  \n \n:")}) {
    ImportedCollector collector{{}, "no"};
    collector.entry.name = "yes";
    collector.entry.help = "quotes \" and \\ and ${HOME}\nand 'lines'\ttoo: # ü";
    collector.entry.interval = std::chrono::minutes(90);
    collector.entry.timeout = milliseconds(1500);
    collector.entry.variants = {{{}, query}, {{}, query}};
    collector.entry.variants[0].when.server = *VersionRange::parse(">=14 <17");
    collector.entry.variants[0].when.role = ServerRole::standby;
    collector.entry.variants[0].when.relation = "a.\"b\"";
    CatalogColumn column;
    column.name = "n";
    column.usage = CatalogColumn::Usage::counter;
    column.metric = "no_m";
    column.help = "x";
    column.scale = 1e-06;
    column.server = *VersionRange::parse(">=16");
    collector.entry.columns = {column};
    for (const std::string& text : {catalog_text(collector), catalog_text(std::vector{collector, collector})}) {
      Problems problems;
      auto root = Section::parse(text, "ours.yaml", problems);
      ASSERT_TRUE(root) << text << testing::PrintToString(problems.lines());
      auto list = root->sections("collectors");
      const CatalogEntry entry = decode_catalog_entry(list.empty() ? *root : list.at(1));
      ASSERT_THAT(problems.lines(), IsEmpty()) << text;
      EXPECT_EQ(entry.help, collector.entry.help);
      EXPECT_EQ(entry.interval, collector.entry.interval);
      EXPECT_EQ(entry.timeout, collector.entry.timeout);
      EXPECT_EQ(entry.variants.at(1).query, query);
      EXPECT_EQ(entry.variants.at(0).when.server.text(), ">=14 <17");
      EXPECT_EQ(entry.variants.at(0).when.role, ServerRole::standby);
      EXPECT_EQ(entry.variants.at(0).when.relation, "a.\"b\"");
      EXPECT_EQ(entry.columns.at(0).metric, "no_m");
      EXPECT_EQ(entry.columns.at(0).scale, 1e-06);
      EXPECT_EQ(entry.columns.at(0).server.text(), ">=16");
    }
  }
}

TEST(ImportedQueries, ThatAreNoSingleStatementAreSaidToBeSo) {
  EXPECT_EQ(why_not_one_query("SELECT ';', E'\\';' -- ;"), "");
  EXPECT_EQ(why_not_one_query("SELECT 1; SELECT 2;"), "it is more than one statement");
  EXPECT_EQ(why_not_one_query("SELECT $1::int AS n"), "it has the parameter $1");
  EXPECT_EQ(why_not_one_query("SELECT $a$ $1 $a$"), "");
  EXPECT_EQ(why_not_one_query("-- nothing"), "it has no query");
}

TEST(ImportedQueries, NameTheSchemaOfStatementsWhereverTheyStandInFrom) {
  EXPECT_EQ(
      with_statements_schema("SELECT 1 FROM pg_database d, pg_stat_statements s WHERE 'from pg_stat_statements' = ''"),
      "SELECT 1 FROM pg_database d, {extension_schema}.pg_stat_statements s WHERE 'from pg_stat_statements' = ''");
  EXPECT_EQ(with_statements_schema("SELECT 1 -- from pg_stat_statements"), "SELECT 1 -- from pg_stat_statements");
  EXPECT_TRUE(names_statements_unqualified("SELECT to_regclass(x), (TABLE pg_stat_statements LIMIT 1)"));
  EXPECT_FALSE(names_statements_unqualified("SELECT pg_stat_statements.calls FROM public.pg_stat_statements"));
}

TEST(PgExporterFiles, SayWhatTheirTimesBecome) {
  const Imported imported = import_text(R"(
app:
  query: SELECT 1 AS n
  ttl: -5
  timeout: 3600
  tags: [cluster]
  metrics: [{ n: { usage: GAUGE, description: x } }]
)");
  EXPECT_THAT(imported.notes,
              ElementsAre(HasSubstr("ttl: -5 is not carried over"), HasSubstr("timeout: 3600 s becomes 10m")));
}

TEST(PostgresExporterFiles, GetNamesThatAreAllowedHere) {
  const Imported imported = import_text(R"(
pgvigil_app:
  query: SELECT 1 AS n, 'x' AS le, 'y' AS "my label"
  metrics: [{ n: { usage: GAUGE } }, { le: { usage: LABEL } }, { "my label": { usage: LABEL } }]
)");
  EXPECT_THAT(metrics(imported), ElementsAre("imported_pgvigil_app_n"));
  EXPECT_THAT(imported.notes,
              ElementsAre(HasSubstr("pgvigil_app_n is called imported_pgvigil_app_n here"),
                          HasSubstr("le is called imported_le here"), HasSubstr("my label is called my_label here")));
  EXPECT_THAT(imported.collectors.at(0).entry.variants.at(0).query, HasSubstr("\"le\" AS \"imported_le\""));
}

}  // namespace
}  // namespace pgvigil
