#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collectors/table_rules/table_rules_task.h"
#include "core/error.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/task_reader.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto crossed = "pgvigil_table_rule_crossed";
constexpr auto value = "pgvigil_table_rule_value";
constexpr auto up = "pgvigil_table_rule_up";

class AlertTable : public testing::TestWithParam<int> {
 protected:
  AlertTable() {
    create_monitoring_role(cluster_);
    cluster_.execute("GRANT CREATE ON DATABASE postgres TO pgvigil");
  }

  // A row as the plan's document adds them: all other columns have their defaults.
  void insert(const std::string& name, const std::string& query, double threshold = 10,
              const std::string& comparison = ">", const std::string& level = "warning") const {
    cluster_.execute(fmt::format(
        "INSERT INTO pgvigil.monitoring_alerts (alert_name, metric_query, threshold_value, comparison_operator,"
        " alert_level) VALUES ('{}', $q${}$q$, {}, '{}', '{}')",
        name, query, threshold, comparison, level));
  }

  void next_poll() { reader_.run_after(30s); }

  std::optional<double> crossed_by(const std::string& alert) const {
    return reader_.value(crossed, {{"alert", alert}});
  }
  std::optional<double> up_of(const std::string& alert) const { return reader_.value(up, {{"alert", alert}}); }

  // Whether the rule has a subject at all, with a value or without.
  bool knows(const std::string& alert) const {
    for (const Family& family : reader_.families()) {
      if (family.name != crossed) continue;
      for (const SeriesView series : family.samples) {
        if (series.label_values.front() == alert) return true;
      }
    }
    return false;
  }

  std::string failure() {
    try {
      next_poll();
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  PgCluster cluster_{GetParam()};
  TableRulesTask task_{{"", 30s, 300ms}};
  TaskReader reader_{cluster_, task_};
};

TEST_P(AlertTable, IsMadeByTheFirstRun) {
  next_poll();
  EXPECT_EQ(cluster_.execute("SELECT count(*) FROM pgvigil.monitoring_alerts").text(0, 0), "0");
  EXPECT_EQ(reader_.count(crossed), 0U);
}

TEST_P(AlertTable, ThatCannotBeMadeIsAFailureUntilSomebodyMakesIt) {
  cluster_.execute("REVOKE CREATE ON DATABASE postgres FROM pgvigil");
  EXPECT_THAT(failure(), HasSubstr("cannot be made: permission denied"));
  EXPECT_THAT(failure(), HasSubstr("cannot be made"));
  PgConnection superuser = cluster_.connect();
  create_alert_table(superuser, {});
  create_alert_table(superuser, {});  // what is there stays
  EXPECT_EQ(failure(), "");
}

TEST_P(AlertTable, ARowCountsFromThePollAfterItsInsertAndItsAlertEndsWithIt) {
  next_poll();
  insert("Orders stuck", "SELECT 11");
  next_poll();
  EXPECT_EQ(crossed_by("Orders stuck"), 1);
  EXPECT_EQ(reader_.value(value, {{"alert", "Orders stuck"}, {"alert_level", "warning"}, {"notify", ""}}), 11);
  EXPECT_EQ(up_of("Orders stuck"), 1);
  cluster_.execute("UPDATE pgvigil.monitoring_alerts SET threshold_value = 20");
  next_poll();
  EXPECT_EQ(crossed_by("Orders stuck"), 0);
  cluster_.execute("UPDATE pgvigil.monitoring_alerts SET is_active = false");
  next_poll();
  EXPECT_FALSE(knows("Orders stuck"));
  EXPECT_EQ(up_of("Orders stuck"), std::nullopt);
}

// The four rows of the plan's document, word by word. The one about pg_stat_statements names a column that PostgreSQL
// 13 took away: it must cost the others nothing.
TEST_P(AlertTable, TheRowsOfThePlanWorkAndTheBadOneAmongThemHurtsNobody) {
  next_poll();
  cluster_.execute("CREATE EXTENSION pg_stat_statements");
  PgConnection admin = cluster_.connect();
  admin.query("SET search_path = pgvigil");
  admin.query(R"(INSERT INTO monitoring_alerts
      (alert_name, metric_query, threshold_value, comparison_operator, alert_level) VALUES
('High Connection Usage', 'SELECT COUNT(*) * 100.0 / current_setting(''max_connections'')::numeric FROM pg_stat_activity WHERE state = ''active''', 80, '>', 'warning'),
('Replication Lag', 'SELECT COALESCE(EXTRACT(EPOCH FROM (NOW() - pg_last_xact_replay_timestamp())), 0)', 300, '>', 'critical'),
('Slow Query Alert', 'SELECT COUNT(*) FROM pg_stat_statements WHERE mean_time > 5000 AND calls > 10', 5, '>', 'warning'),
('Database Size Alert', 'SELECT pg_database_size(current_database()) / 1024.0^3', 800, '>', 'warning'))");
  next_poll();
  for (const char* name : {"High Connection Usage", "Replication Lag", "Database Size Alert"}) {
    EXPECT_EQ(crossed_by(name), 0) << name;
    EXPECT_EQ(up_of(name), 1) << name;
  }
  EXPECT_EQ(up_of("Slow Query Alert"), 0);
  EXPECT_EQ(crossed_by("Slow Query Alert"), std::nullopt);
  cluster_.execute(
      "UPDATE pgvigil.monitoring_alerts SET metric_query = replace(metric_query, 'mean_time',"
      " 'mean_exec_time') WHERE alert_name = 'Slow Query Alert'");
  next_poll();
  EXPECT_EQ(up_of("Slow Query Alert"), 1) << "the extension stands in public: names are looked up as in psql";
}

TEST_P(AlertTable, HostileRowsHurtNobodyAndWriteNothing) {
  next_poll();
  cluster_.execute("CREATE TABLE public.precious AS SELECT 1 AS id");
  cluster_.execute("GRANT ALL ON public.precious TO pgvigil");
  cluster_.execute("ALTER TABLE pgvigil.monitoring_alerts DROP CONSTRAINT monitoring_alerts_comparison_operator_check");
  insert("a good one", "SELECT 11");
  insert("writes", "DELETE FROM public.precious RETURNING 1");
  insert("writes behind", "SELECT 1; COMMIT; DELETE FROM public.precious; SELECT 1");
  insert("sleeps", "SELECT count(pg_sleep(60))");
  insert("kills itself", "SELECT count(pg_terminate_backend(pg_backend_pid()))");
  insert("crashes", "SELECT 1 / 0");
  insert("no number", "SELECT 'eleven'");
  insert("two numbers", "SELECT 1 AS a, 2 AS b");
  insert("injects", "SELECT 11", 10, "> 0 OR 1");
  insert("switches off", "SELECT set_config('statement_timeout', '0', false)::text::int4");
  insert("reserved", "SELECT 1 AS value, 2 AS alert");
  insert("zz another good one", "SELECT 12", 10, ">", "critical");
  for (int poll = 0; poll < 3; ++poll) {
    next_poll();
    EXPECT_EQ(crossed_by("a good one"), 1);
    EXPECT_EQ(crossed_by("zz another good one"), 2);
    for (const char* name : {"writes", "writes behind", "sleeps", "kills itself", "crashes", "no number", "two numbers",
                             "injects", "reserved"}) {
      EXPECT_EQ(up_of(name), 0) << name;
      EXPECT_EQ(crossed_by(name), std::nullopt) << name;
    }
  }
  EXPECT_EQ(cluster_.execute("SELECT count(*) FROM public.precious").text(0, 0), "1");
}

TEST_P(AlertTable, NullAndNoRowAreNotKnown) {
  next_poll();
  insert("null", "SELECT NULL::numeric");
  insert("no row", "SELECT 1 WHERE false");
  next_poll();
  for (const char* name : {"null", "no row"}) {
    EXPECT_TRUE(knows(name)) << name;
    EXPECT_EQ(crossed_by(name), std::nullopt) << name;
    EXPECT_EQ(up_of(name), 1) << name << ": the query works";
  }
}

TEST_P(AlertTable, ARuleThatFailsStaysKnownAndIsNotOver) {
  next_poll();
  cluster_.execute("CREATE TABLE public.queue AS SELECT 'mail' AS name, 20 AS length");
  cluster_.execute("GRANT SELECT ON public.queue TO pgvigil");
  insert("Queue", "SELECT name AS queue, length AS value FROM queue");
  next_poll();
  EXPECT_EQ(reader_.value(crossed, {{"alert", "Queue"}, {"queue", "mail"}}), 1);
  cluster_.execute("ALTER TABLE public.queue RENAME TO queue_2");
  next_poll();
  EXPECT_TRUE(knows("Queue"));
  EXPECT_EQ(crossed_by("Queue"), std::nullopt);
  EXPECT_EQ(up_of("Queue"), 0);
  cluster_.execute("ALTER TABLE public.queue_2 RENAME TO queue");
  cluster_.execute("DELETE FROM public.queue");
  next_poll();
  EXPECT_FALSE(knows("Queue")) << "a list of subjects may be empty";
}

TEST_P(AlertTable, OneNameMayHaveARowForEachLevelAndNotTwo) {
  next_poll();
  insert("Usage", "SELECT 90", 80, ">", "warning");
  insert("Usage", "SELECT 90", 95, ">", "critical");
  next_poll();
  EXPECT_EQ(reader_.value(crossed, {{"alert", "Usage"}, {"alert_level", "warning"}}), 1);
  EXPECT_EQ(reader_.value(crossed, {{"alert", "Usage"}, {"alert_level", "critical"}}), 0);
  insert("Usage", "SELECT 90", 70, ">", "warning");
  next_poll();
  EXPECT_EQ(reader_.value(up, {{"alert", "Usage"}, {"alert_level", "warning"}}), 0);
  EXPECT_EQ(reader_.value(up, {{"alert", "Usage"}, {"alert_level", "critical"}}), 1);
}

TEST_P(AlertTable, TheChannelsOfARowAreALabel) {
  next_poll();
  cluster_.execute(
      "INSERT INTO pgvigil.monitoring_alerts (alert_name, metric_query, threshold_value, comparison_operator,"
      R"( alert_level, notification_channels) VALUES ('A', 'SELECT 1', 0, '>', 'info', '["slack", "mail"]'))");
  next_poll();
  EXPECT_EQ(reader_.value(crossed, {{"alert", "A"}, {"alert_level", "info"}, {"notify", "mail,slack"}}), 1);
}

TEST_P(AlertTable, ThatIsDroppedIsAFailureAndNotAnEmptyOne) {
  next_poll();
  insert("A", "SELECT 11");
  next_poll();
  cluster_.execute("DROP TABLE pgvigil.monitoring_alerts");
  EXPECT_THAT(failure(), HasSubstr("pgvigil.monitoring_alerts is gone"));
  EXPECT_THAT(failure(), HasSubstr("pgvigil.monitoring_alerts is gone"));
  cluster_.execute("DROP SCHEMA pgvigil CASCADE");
  EXPECT_THAT(failure(), HasSubstr("pgvigil.monitoring_alerts is gone"));
  PgConnection superuser = cluster_.connect();
  create_alert_table(superuser, {});
  EXPECT_EQ(failure(), "");
}

// The table as the plan's document makes it, by hand.
TEST_P(AlertTable, MayBeTheUsersOwn) {
  cluster_.execute("CREATE SCHEMA pgvigil");
  cluster_.execute("CREATE TYPE public.alert_level AS ENUM ('info', 'warning', 'critical')");
  cluster_.execute(
      "CREATE TABLE pgvigil.monitoring_alerts (id UUID PRIMARY KEY DEFAULT gen_random_uuid(),"
      " alert_name VARCHAR(100) NOT NULL, metric_query TEXT NOT NULL, threshold_value NUMERIC NOT NULL,"
      " comparison_operator VARCHAR(10) NOT NULL, alert_level public.alert_level NOT NULL,"
      " notification_channels JSONB DEFAULT '[]', is_active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP DEFAULT NOW())");
  cluster_.execute("GRANT USAGE ON SCHEMA pgvigil TO pgvigil");
  cluster_.execute("GRANT SELECT ON pgvigil.monitoring_alerts TO pgvigil");
  insert("A", "SELECT 11");
  next_poll();
  EXPECT_EQ(crossed_by("A"), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, AlertTable, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
