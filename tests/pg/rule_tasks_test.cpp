// SQL rules and table rules as the agent runs them: by their runners, onto one page.

#include "config/rule_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/collectors.h"
#include "collectors/table_rules/table_rules_task.h"
#include "collectors/task_runner.h"
#include "core/child_process.h"
#include "exporter/text_format.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class RuleTasks : public testing::TestWithParam<int>, TaskObserver {
 protected:
  RuleTasks() { cluster_.execute("CREATE TABLE public.orders AS SELECT 'stuck' AS status"); }

  void run_started(const TaskInfo&) override {}
  void run_ended(const TaskInfo& task, const RunReport& report) override { outcomes_[task.name] = report.outcome; }
  void runs_missed(const TaskInfo&, std::int64_t) override {}

  static RuleQuery rule(const std::string& id, const std::string& query, const std::string& database = {}) {
    SqlRule sql;
    sql.query = query;
    sql.database = database;
    sql.each_database = database == "each";
    return rule_query(id, sql);
  }

  void run(const std::vector<RuleQuery>& rules) {
    CollectorOptions none;
    none.only = {"nothing else"};
    std::vector<TaskPtr> tasks = make_collectors(none, options_, store_, clock_, rules);
    tasks.push_back(std::make_unique<TableRulesTask>(table_rules_options({})));
    const auto publish = [this](const SnapshotPtr& snapshot) { snapshots_.publish(snapshot); };
    for (const TaskPtr& task : tasks) TaskRunner(*task, {pool_, clock_, *this, publish}).run({});
  }

  // What /metrics would show: the text of each task, one after another.
  std::string page(MetricsFormat format) const {
    std::string text;
    for (const SnapshotPtr& snapshot : snapshots_.all()) text += render_text(snapshot->families, format).text;
    return text + std::string(end_of_page(format));
  }

  PgCluster cluster_{GetParam()};
  FakeClock clock_;
  PgOptions options_ = [this] {
    PgOptions options;
    options.conninfo = cluster_.conninfo("postgres");
    return options;
  }();
  ConnectionPool pool_{options_, 2, clock_};
  TempDir folder_;
  LocalStore store_{folder_ / "memory.sqlite"};
  SnapshotStore snapshots_;
  std::map<std::string, Outcome> outcomes_;
};

TEST_P(RuleTasks, ARuleWhoseQueryFailsIsATaskThatFailsAndNoOther) {
  run({rule("stuck", "SELECT status, 1 AS value FROM public.orders"), rule("broken", "SELECT 1 / 0 AS value"),
       rule("in-each", "SELECT 1 AS value", "each"), rule("broken-in-each", "SELECT 1 / 0 AS value", "each"),
       rule("elsewhere", "SELECT 1 AS value", "template1"), rule("nowhere", "SELECT 1 AS value", "no_such_database")});
  const std::map<std::string, Outcome> expected{
      {"rule:stuck", Outcome::success},     {"rule:broken", Outcome::failed},
      {"rule:in-each", Outcome::success},   {"rule:broken-in-each", Outcome::failed},
      {"rule:elsewhere", Outcome::success}, {"rule:nowhere", Outcome::failed},
      {"databases", Outcome::success},      {"table_rules", Outcome::success}};
  EXPECT_EQ(outcomes_, expected);
  EXPECT_NE(snapshots_.find("rule:stuck"), nullptr);
  EXPECT_EQ(snapshots_.find("rule:broken"), nullptr) << "not known, which is not the same as over";
}

TEST_P(RuleTasks, ASubjectComesAndGoesWithItsRow) {
  const RuleQuery stuck = rule("stuck", "SELECT status, count(*) AS value FROM public.orders GROUP BY status");
  run({stuck});
  EXPECT_THAT(page(MetricsFormat::prometheus), HasSubstr("pgvigil_rule_value_stuck{status=\"stuck\"} 1\n"));
  cluster_.execute("TRUNCATE public.orders");
  run({stuck});
  EXPECT_THAT(page(MetricsFormat::prometheus), Not(HasSubstr("pgvigil_rule_value_stuck")));
  EXPECT_EQ(snapshots_.find("rule:stuck")->families.size(), 1U) << "the rule knows that there is no row";
}

TEST_P(RuleTasks, ThePageStaysOneThatPrometheusReads) {
  const std::vector<RuleQuery> rules{rule("a-1", "SELECT status, 1 AS value FROM public.orders"),
                                     rule("a-2", "SELECT 'x' AS other, 1 AS value"),
                                     rule("everywhere", "SELECT 1 AS value", "each")};
  run(rules);
  cluster_.execute(
      "INSERT INTO pgvigil.monitoring_alerts (alert_name, metric_query, threshold_value, comparison_operator,"
      " alert_level) VALUES ('one', 'SELECT 1', 0, '>', 'warning'),"
      " ('list', 'SELECT status AS \"Status\", 1 AS value FROM orders', 0, '>', 'critical')");
  clock_.advance(30s);
  run(rules);
  const std::string text = page(MetricsFormat::prometheus);
  for (const char* family : {"pgvigil_rule_value_a_1", "pgvigil_rule_value_a_2", "pgvigil_rule_value_everywhere",
                             "pgvigil_table_rule_crossed", "pgvigil_table_rule_value", "pgvigil_table_rule_up"}) {
    const std::string type = std::string("# TYPE ") + family + " gauge\n";
    const auto first = text.find(type);
    ASSERT_NE(first, std::string::npos) << family;
    EXPECT_EQ(text.find(type, first + 1), std::string::npos) << family;
    EXPECT_THAT(page(MetricsFormat::openmetrics), HasSubstr(type));
  }
  const auto file = folder_.write("page", text);
  const Output lint = pgvigil::run({{"sh", "-c", "promtool check metrics < " + file.string()}, {}, {}, {}}, 60s);
  EXPECT_EQ(lint.status.error_output, "");
}

INSTANTIATE_TEST_SUITE_P(Versions, RuleTasks, testing::ValuesIn(PgCluster::usual_versions()));

}  // namespace
}  // namespace pgvigil
