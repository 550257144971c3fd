#include "collectors/rule_query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collectors/database_walk.h"
#include "collectors/guarded_query.h"
#include "collectors/session_task.h"
#include "core/error.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/task_reader.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto metric = "pgvigil_rule_value_orders_stuck";

class RuleQueries : public testing::TestWithParam<int> {
 protected:
  RuleQueries() {
    create_monitoring_role(cluster_);
    cluster_.execute("CREATE TABLE public.orders (id int PRIMARY KEY, status text, total numeric)");
    cluster_.execute("GRANT ALL ON public.orders TO pgvigil");  // more than it should have
  }

  static RuleQuery rule(std::string query, milliseconds timeout = 2s) {
    return {"orders-stuck", metric, std::move(query), 60s, timeout, {}, false};
  }
  static SessionTask task(std::string query, milliseconds timeout = 2s) {
    return SessionTask(std::make_unique<RuleQueryReader>(rule(std::move(query), timeout)));
  }

  // Why a run of the query failed; empty when it did not.
  std::string failure(const std::string& query, milliseconds timeout = 2s) {
    SessionTask one = task(query, timeout);
    TaskReader reader(cluster_, one);
    try {
      reader.run();
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::string orders() const { return cluster_.execute("SELECT count(*) FROM public.orders").text(0, 0); }

  PgCluster cluster_{GetParam()};
};

TEST_P(RuleQueries, EveryRowIsASubject) {
  cluster_.execute("INSERT INTO public.orders VALUES (1, 'stuck', 10), (2, 'stuck', NULL), (3, 'paid', 5)");
  SessionTask one = task("SELECT status, count(*) AS value FROM public.orders GROUP BY status -- all of them");
  TaskReader reader(cluster_, one);
  reader.run();
  EXPECT_EQ(one.info().name, "rule:orders-stuck");
  EXPECT_EQ(reader.value(metric, {{"status", "stuck"}}), 2);
  EXPECT_EQ(reader.value(metric, {{"status", "paid"}}), 1);
  cluster_.execute("DELETE FROM public.orders WHERE status = 'stuck'");
  reader.run();
  EXPECT_EQ(reader.count(metric, {{"status", "stuck"}}), 0U) << "no row, no subject";
  EXPECT_EQ(reader.value(metric, {{"status", "paid"}}), 1);
}

TEST_P(RuleQueries, NullIsASubjectWhoseValueIsNotKnown) {
  cluster_.execute("INSERT INTO public.orders VALUES (1, 'stuck', NULL), (2, 'odd', 'NaN'), (3, 'paid', 5)");
  SessionTask one = task("SELECT status, total AS value FROM public.orders ORDER BY id");
  TaskReader reader(cluster_, one);
  reader.run();
  const Samples& samples = reader.families().front().samples;
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_TRUE(std::isnan(samples[0].value));
  EXPECT_TRUE(std::isnan(samples[1].value));
  EXPECT_EQ(samples[2].value, 5);
}

TEST_P(RuleQueries, WithoutRowsTheFamilyIsThereAllTheSame) {
  SessionTask one = task("SELECT status, 1 AS value FROM public.orders;");
  TaskReader reader(cluster_, one);
  reader.run();
  ASSERT_EQ(reader.families().size(), 1U);
  EXPECT_THAT(reader.families()[0].label_names, ElementsAre("status"));
  EXPECT_TRUE(reader.families()[0].samples.empty());
}

TEST_P(RuleQueries, CannotWriteWhateverTheyTry) {
  cluster_.execute("INSERT INTO public.orders VALUES (1, 'paid', 5)");
  cluster_.execute("CREATE FUNCTION public.wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM public.orders; SELECT 1'");
  cluster_.execute(
      "CREATE FUNCTION public.wipe_later() RETURNS int LANGUAGE plpgsql AS $$BEGIN"
      " PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM public.orders; RETURN 1; END$$");
  cluster_.execute("CREATE SEQUENCE public.numbers; ");
  cluster_.execute("GRANT ALL ON public.numbers TO pgvigil");
  for (const char* query : {"DELETE FROM public.orders RETURNING id AS value",
                            "WITH gone AS (DELETE FROM public.orders RETURNING 1) SELECT count(*) AS value FROM gone",
                            "SELECT public.wipe() AS value",
                            "SELECT public.wipe_later() AS value",
                            "SELECT 1 AS value; COMMIT; DELETE FROM public.orders",
                            "SELECT 1 AS value; DELETE FROM public.orders; SELECT 1 AS value",
                            "SELECT 1 AS value FROM public.orders FOR UPDATE",
                            "SELECT nextval('public.numbers') AS value",
                            "SELECT 1 AS value INTO public.copied",
                            "SELECT set_config('transaction_read_only', 'off', false)::bool::int AS value",
                            "COMMIT",
                            "ROLLBACK",
                            "SET transaction_read_only = off",
                            "TRUNCATE public.orders",
                            "COPY public.orders TO STDOUT",
                            "COPY (SELECT 1) TO PROGRAM 'true'",
                            "DO $$BEGIN DELETE FROM public.orders; END$$",
                            "CALL public.wipe()",
                            "EXPLAIN ANALYZE DELETE FROM public.orders",
                            "NOTIFY x",
                            "",
                            ";"}) {
    EXPECT_NE(failure(query), "") << query;
    EXPECT_EQ(orders(), "1") << query;
  }
}

TEST_P(RuleQueries, LeaveTheSessionAsItWas) {
  PgOptions options;
  options.conninfo = cluster_.conninfo("postgres", "pgvigil");
  PgConnection session = PgConnection::open(options);
  const auto value_of = [&](const char* sql) { return session.query(sql, 2s).text(0, 0); };
  const auto before = value_of("SELECT pg_backend_pid()");
  for (const char* query :
       {"SELECT set_config('statement_timeout', '0', false), set_config('search_path', 'public', false),"
        " set_config('default_transaction_read_only', 'off', false), set_config('pgvigil.x', '1', false), 1 AS value",
        "SELECT pg_advisory_lock(7), 1 AS value", "SELECT pg_advisory_lock(7), 1 / 0 AS value",
        "SELECT no_such_column AS value"}) {
    try {
      run_guarded(session, {query, 2s, 10}, {});
    } catch (const Error&) {  // some of them fail
    }
    EXPECT_EQ(value_of("SHOW statement_timeout"), "2s") << query;
    EXPECT_EQ(value_of("SHOW default_transaction_read_only"), "on") << query;
    EXPECT_EQ(value_of("SHOW search_path"), "pg_catalog") << query;
    EXPECT_EQ(value_of("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0") << query;
    EXPECT_EQ(value_of("SELECT count(*) FROM pg_cursors WHERE name = 'pgvigil_guarded'"), "0") << query;
    EXPECT_EQ(value_of("SELECT pg_backend_pid()"), before) << query;
  }
}

TEST_P(RuleQueries, EndAtTheirTimeout) {
  EXPECT_THAT(failure("SELECT pg_sleep(60), 1 AS value", 200ms), HasSubstr("timeout"));
}

TEST_P(RuleQueries, WhoseColumnsAreWrongSayWhatIsWrong) {
  for (const auto& [query, said] : std::vector<std::pair<std::string, const char*>>{
           {"SELECT 1 AS number", "returns no column value"},
           {"SELECT 'x'::text AS value", "value is not a number: cast it"},
           {"SELECT now() - now() AS value", "EXTRACT(EPOCH FROM value)"},
           {"SELECT 1 AS value, 2 AS value", "value more than once"},
           {"SELECT 1 AS value, 2 AS a, 3 AS a", "a more than once"},
           {"SELECT 1 AS value, 2 AS \"a b\"", "'a b' cannot be a label"},
           {"SELECT 1 AS value, 2 AS __name__", "cannot be a label"},
           {"SELECT 1 AS value, 2", "cannot be a label"},
           {"SELECT 1 AS value, repeat('x', 2000) AS long", "more than 1024 bytes"},
           {"SELECT 1 AS value, 'a' AS status FROM generate_series(1, 2)", "two rows have the labels status=a"},
           {"SELECT 1 AS value FROM generate_series(1, 2)", "two rows have no labels"}}) {
    EXPECT_THAT(failure(query), HasSubstr(said)) << query;
  }
}

TEST_P(RuleQueries, HaveALimitedNumberOfSubjects) {
  SessionTask one = task("SELECT generate_series(1, 100000000) AS id, 1 AS value");
  TaskReader reader(cluster_, one);
  reader.run();
  EXPECT_EQ(reader.count(metric), RuleQueryReader::max_rows);
}

TEST_P(RuleQueries, MayBeAboutAnotherDatabase) {
  cluster_.execute("CREATE DATABASE shop");
  SessionTask one(std::make_unique<RuleQueryReader>(rule("SELECT current_database() AS db, 1 AS value")), "shop");
  TaskReader reader(cluster_, one);
  reader.run();
  EXPECT_EQ(reader.value(metric, {{"db", "shop"}}), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, RuleQueries, testing::ValuesIn(PgCluster::usual_versions()));

// In every database, through the walk.
class RuleQueriesEverywhere : public testing::Test, protected PartSink {
 protected:
  RuleQueriesEverywhere() {
    for (const char* name : {"alpha", "beta"}) {
      cluster_.execute(fmt::format("CREATE DATABASE {}", name));
      cluster_.execute("CREATE TABLE public.jobs (state text)", name);
      cluster_.execute("INSERT INTO public.jobs VALUES ('late')", name);
    }
  }

  void part_ended(const TaskInfo& part, RunResult result) override { results_[part.name] = std::move(result); }

  void run(DatabaseWalk& walk) {
    clock_.advance(60s);
    RunContext context{pool_, clock_, clock_.steady_now() + 30s, {}, {}};
    context.parts = this;
    walk.run(context);
  }

  static RuleQuery everywhere(const std::string& id, std::string query) {
    return {id, "pgvigil_rule_value_" + id, std::move(query), 60s, 2s, {}, true};
  }

  DatabaseWalk walk(const std::vector<RuleQuery>& rules) {
    std::vector<ReaderPtr> readers;
    for (const RuleQuery& rule : rules) readers.push_back(std::make_unique<RuleQueryReader>(rule));
    return {std::move(readers), {}};
  }

  PgCluster cluster_;
  FakeClock clock_;
  PgOptions options_ = [this] {
    PgOptions options;
    options.conninfo = cluster_.conninfo("postgres");
    return options;
  }();
  ConnectionPool pool_{options_, 2, clock_};
  std::map<std::string, RunResult> results_;
};

TEST_F(RuleQueriesEverywhere, TheDatabaseIsALabel) {
  DatabaseWalk task =
      walk({everywhere("tables", "SELECT relname AS name, 1 AS value FROM pg_class WHERE relname = 'jobs'"),
            everywhere("broken", "SELECT count(*) AS value FROM public.jobs, public.nothing"),
            everywhere("named", "SELECT 'x' AS datname, 1 AS value")});
  run(task);
  const RunResult& good = results_.at("rule:tables");
  EXPECT_EQ(good.failed, "");
  ASSERT_EQ(good.families.size(), 1U);
  EXPECT_THAT(good.families[0].label_names, ElementsAre("datname", "name"));
  ASSERT_EQ(good.families[0].samples.size(), 2U);
  EXPECT_THAT(good.families[0].samples[0].label_values, ElementsAre("alpha", "jobs"));
  EXPECT_THAT(good.families[0].samples[1].label_values, ElementsAre("beta", "jobs"));
  EXPECT_THAT(results_.at("rule:broken").failed, HasSubstr("public.nothing"));
  EXPECT_THAT(results_.at("rule:named").failed, HasSubstr("datname"));
}

TEST_F(RuleQueriesEverywhere, OtherColumnsInAnotherDatabaseAreAFailureOfTheRuleAlone) {
  cluster_.execute("ALTER TABLE public.jobs ADD COLUMN owner text DEFAULT 'me'", "beta");
  DatabaseWalk task =
      walk({everywhere("all", "SELECT j.*, 1 AS value FROM public.jobs j"), everywhere("good", "SELECT 1 AS value")});
  run(task);
  EXPECT_THAT(results_.at("rule:all").failed, HasSubstr("other families or labels"));
  EXPECT_EQ(results_.at("rule:good").failed, "");
  cluster_.execute("ALTER TABLE public.jobs DROP COLUMN owner", "beta");
  run(task);
  EXPECT_EQ(results_.at("rule:all").families.at(0).samples.size(), 2U);
}

}  // namespace
}  // namespace pgvigil
