// What the agent tells while its server is in trouble. People decide by it at night: it may say that it knows nothing,
// but never that all is well while a part is missing; and once the server accepts again everything is back by itself.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "tests/support/agent.h"
#include "tests/support/forwarder.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{60000};
// One interval for what has an interval of minutes, so that a recovery can be waited for.
constexpr auto quick = "collectors: { intervals: { probe: 1s, user_tables: 2s, settings: 2s, statements: 2s } }\n";

// Those families that are always told of a server; others come and go with what is done on it.
std::set<std::string> families_of(const std::string& page) {
  static const std::regex type(
      "# TYPE (pg_(?:settings|stat_user_tables|stat_database|stat_bgwriter|stat_archiver|database_size)_\\S+) ");
  std::set<std::string> names;
  for (std::sregex_iterator at(page.begin(), page.end(), type), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

// Whether a series of the family is 0, each of which names something that failed.
bool any_zero(const std::string& page, const std::string& family) {
  return std::regex_search(page, std::regex("\n" + family + "\\{[^\n]*\\} 0\n"));
}

class ServersInTrouble : public testing::Test {
 protected:
  void start(const std::string& conninfo) {
    cluster_.execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
    agent_.emplace(conninfo, quick);
    agent_->start();
    ASSERT_TRUE(eventually(patience, [&] { return whole(agent_->metrics()); }))
        << lacks(agent_->metrics()) << " is missing";
    healthy_ = families_of(agent_->metrics());
  }

  // What a page lacks: nothing when everything was read and nothing failed.
  std::string lacks(const std::string& page) const {
    if (find_value(page, "pg_up") != 1) return "the server";
    if (any_zero(page, "pgvigil_task_up")) return "a task";
    const std::set<std::string> now = families_of(page);
    std::set<std::string> wanted = healthy_;
    wanted.insert({"pg_settings_work_mem_bytes", "pg_stat_user_tables_n_live_tup", "pg_stat_database_numbackends"});
    const auto missing =
        std::find_if(wanted.begin(), wanted.end(), [&](const auto& name) { return !now.contains(name); });
    return missing == wanted.end() ? "" : *missing;
  }
  bool whole(const std::string& page) const { return lacks(page).empty(); }

  // What pg_up 1 promises: what is missing is said to be missing.
  void expect_honesty(const Agent::Page& page) const {
    ASSERT_EQ(page.status, 200);
    if (find_value(page.body, "pg_up") != 1) return;
    const std::set<std::string> now = families_of(page.body);
    for (const std::string& family : healthy_) {
      if (now.contains(family)) continue;
      EXPECT_TRUE(any_zero(page.body, "pgvigil_task_up")) << family << " is missing";
    }
  }

  // Until it says so, every page that is asked for meanwhile is honest.
  template <typename Condition>
  bool tells(Condition condition) {
    return eventually(patience, [&] {
      const Agent::Page page = agent_->get("/metrics");
      expect_honesty(page);
      return condition(page.body);
    });
  }
  bool tells_that_it_is_down() {
    return tells([](const std::string& page) { return find_value(page, "pg_up") == 0; });
  }
  bool is_whole_again() {
    return tells([this](const std::string& page) { return whole(page); });
  }

  PgCluster cluster_{
      PgCluster::Settings{{"max_connections", "20"}, {"superuser_reserved_connections", "3"}, {"autovacuum", "off"}}};
  std::optional<Agent> agent_;
  std::set<std::string> healthy_;
};

TEST_F(ServersInTrouble, ThatStop) {
  start(cluster_.conninfo());
  cluster_.stop(PgCluster::Stop::immediate);
  EXPECT_TRUE(tells_that_it_is_down());
  cluster_.start();
  EXPECT_TRUE(is_whole_again()) << lacks(agent_->metrics()) << " is missing\n" << agent_->process().error_output();
}

TEST_F(ServersInTrouble, ThatFreeze) {
  start(cluster_.conninfo());
  cluster_.freeze();
  EXPECT_TRUE(tells_that_it_is_down());
  cluster_.thaw();
  EXPECT_TRUE(is_whole_again()) << lacks(agent_->metrics()) << " is missing\n" << agent_->process().error_output();
}

TEST_F(ServersInTrouble, WhoseConnectionsAreHalfOpen) {
  const TempDir network(TempDir::Access::readable_by_all);
  Forwarder forwarder(network / ".s.PGSQL.5432", cluster_.socket_folder() / ".s.PGSQL.5432");
  start(fmt::format("host={} user=postgres dbname=postgres", network.path().string()));
  forwarder.fall_silent();
  EXPECT_TRUE(tells_that_it_is_down());
  forwarder.speak();
  EXPECT_TRUE(is_whole_again()) << lacks(agent_->metrics()) << " is missing\n" << agent_->process().error_output();
}

TEST_F(ServersInTrouble, ThatHaveNoConnectionLeft) {
  cluster_.execute("CREATE ROLE app LOGIN");
  cluster_.execute("CREATE ROLE pgvigil LOGIN IN ROLE pg_monitor");
  start(cluster_.conninfo("postgres", "pgvigil"));
  std::vector<PgConnection> sessions;
  try {
    while (sessions.size() < 20) sessions.push_back(cluster_.connect("postgres", "app"));
    FAIL() << "there is no limit";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::unavailable);
  }
  // Who is logged in sees a server that works; what asks for a fresh login has to say what others meet.
  cluster_.execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pgvigil' AND state = 'idle'");
  try {
    while (sessions.size() < 20) sessions.push_back(cluster_.connect("postgres", "app"));
  } catch (const Error&) {  // as before: the agent's places are taken now
  }
  EXPECT_TRUE(tells_that_it_is_down());
  sessions.clear();
  EXPECT_TRUE(is_whole_again()) << lacks(agent_->metrics()) << " is missing\n" << agent_->process().error_output();
}

// Two, since the agent has two sessions for collectors.
TEST_F(ServersInTrouble, WhoseUsersAskSlowQuestions) {
  const TempDir queries;
  for (const char* name : {"slow1", "slow2"}) {
    queries.write(fmt::format("{}.yaml", name),
                  fmt::format("name: {0}\nhelp: x\nmetric_prefix: {0}\ntimeout: 10m\n"
                              "variants: [{{ query: SELECT 1 AS v FROM pg_sleep(500) }}]\n"
                              "columns: {{ v: {{ usage: gauge, help: x }} }}\n",
                              name));
  }
  agent_.emplace(
      cluster_.conninfo(),
      fmt::format("collectors: {{ queries: ['{}/*.yaml'], intervals: {{ probe: 1s, activity: 1s, locks: 1s }} }}\n",
                  queries.path().string()));
  agent_->start();
  const auto sleeping = [&] {
    return cluster_
        .execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgvigil' AND state = 'active'"
            " AND wait_event = 'PgSleep'")
        .text(0, 0);
  };
  ASSERT_TRUE(eventually(patience, [&] { return sleeping() == "1"; }));
  for (const char* task : {"probe", "activity", "locks"}) {
    const std::string runs = fmt::format("pgvigil_task_runs_total{{task=\"{}\",outcome=\"success\"", task);
    const double before = agent_->value(runs).value_or(0);
    EXPECT_TRUE(eventually(patience, [&] { return agent_->value(runs).value_or(0) > before + 2; })) << task;
  }
  EXPECT_EQ(sleeping(), "1");
  EXPECT_EQ(agent_->get("/primary").status, 200);
}

TEST_F(ServersInTrouble, WhoseQueriesHang) {
  start(cluster_.conninfo());
  auto locker = cluster_.connect();
  locker.query("BEGIN");
  locker.query("LOCK TABLE pg_catalog.pg_statistic_ext, pg_catalog.pg_db_role_setting IN ACCESS EXCLUSIVE MODE");
  locker.query("LOCK TABLE pg_catalog.pg_namespace IN ACCESS EXCLUSIVE MODE");
  EXPECT_TRUE(tells([](const std::string& page) {
    return find_value(page, "pgvigil_task_up{task=\"user_tables\"") == 0;
  })) << agent_->metrics();
  locker.query("ROLLBACK");
  EXPECT_TRUE(is_whole_again()) << lacks(agent_->metrics()) << " is missing\n" << agent_->process().error_output();
}

}  // namespace
}  // namespace pgvigil
