// Built-in rules on real servers: each scenario makes something go wrong, sees its rules fire, puts it right, and sees
// them clear. What cannot be had on a server of a test is shown on injected samples (tests/rules/*.yaml); the table
// below says why.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "core/error.h"
#include "tests/support/catalog_reader.h"
#include "tests/support/rule_lab.h"
#include "tests/support/standby.h"

namespace pgvigil {
namespace {

constexpr milliseconds patience{60000};

using Rules = std::set<std::string>;

// A server that nothing is wrong with, but for what the test is about.
PgCluster::Settings settings_with(const PgCluster::Settings& more) {
  PgCluster::Settings settings{{"fsync", "on"}, {"autovacuum_naptime", "1h"}};
  for (const auto& [name, value] : more) settings[name] = value;
  return settings;
}

// A server, the agent's collectors and rules on it, and sessions that do something for as long as they are kept.
class Stage {
 public:
  Stage(int major, const PgCluster::Settings& settings, const std::string& overrides)
      : server(major, settings_with(settings)) {
    create_monitoring_role(server);
    server.execute("ALTER ROLE pgvigil SUPERUSER");  // so that it also reads the files' mistakes
    lab.emplace(server,
                fmt::format("{{ disable: [disk-used, disk-fill, disk-inodes], override: {{ {} }} }}", overrides));
  }
  ~Stage() { leave(); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // A session that stays, with the transaction that its statements leave open.
  PgConnection& session(const std::vector<std::string>& statements, std::string_view user = "postgres") {
    sessions_.push_back(std::make_unique<PgConnection>(server.connect("postgres", user)));
    for (const std::string& statement : statements) sessions_.back()->query(statement);
    return *sessions_.back();
  }
  // A statement that waits or works until leave().
  void busy(const std::string& statement) {
    waiters_.emplace_back([this, statement] {
      try {
        server.connect().query(statement, std::chrono::minutes(5), {});
      } catch (const Error&) {  // its session was ended
      }
    });
  }
  void leave() {
    sessions_.clear();
    if (!server.running()) return waiters_.clear();
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename = 'postgres'");
    waiters_.clear();
  }
  void reload(std::string_view setting, std::string_view value) { server.set(setting, value); }

  PgCluster server;
  std::optional<RuleLab> lab;

 private:
  std::vector<std::unique_ptr<PgConnection>> sessions_;
  std::vector<std::jthread> waiters_;
};

struct Scenario {
  const char* name;
  Rules rules;  // that must fire and clear
  PgCluster::Settings settings;
  const char* overrides;  // thresholds that a test can reach
  std::function<void(Stage&)> prepare;
  std::function<void(Stage&)> provoke;
  std::function<void(Stage&)> settle;
  milliseconds hold;   // passes between two readings until they fire
  milliseconds clear;  // and until they clear
};

void nothing(Stage&) {}
void leave(Stage& stage) {
  stage.leave();
}
void run_all(Stage& stage, const std::vector<const char*>& statements) {
  for (const char* statement : statements) stage.server.execute(statement);
}

const std::vector<Scenario>& scenarios() {
  using std::chrono::hours;
  using std::chrono::minutes;
  static const std::vector<Scenario> all{
      {"OpenTransactions",
       {"idle-in-transaction", "long-transaction", "long-query", "xmin-horizon", "prepared-transaction"},
       {{"max_prepared_transactions", "5"}},
       "idle-in-transaction: { warning: { above: 10ms, for: 0s }, critical: ~ },"
       " long-transaction: { warning: { above: 10ms, for: 0s }, critical: ~ },"
       " long-query: { warning: { above: 10ms, for: 0s }, critical: ~ },"
       " xmin-horizon: { warning: { above: 3, clear: 3, for: 0s }, critical: ~ },"
       " prepared-transaction: { warning: { above: 10ms }, critical: ~ }",
       nothing,
       [](Stage& stage) {
         stage.session({"BEGIN", "SELECT pg_current_xact_id()"});
         stage.session({"BEGIN", "SELECT pg_current_xact_id()", "PREPARE TRANSACTION 'forgotten'"});
         stage.busy("SELECT pg_sleep(300)");
         for (int i = 0; i < 10; ++i) stage.server.execute("SELECT pg_current_xact_id()");
       },
       [](Stage& stage) {
         stage.leave();
         stage.server.execute("ROLLBACK PREPARED 'forgotten'");
       },
       minutes(1),
       minutes(1)},
      {"Locks",
       {"blocked-sessions", "lock-wait", "ddl-queue", "lock-table-full"},
       {{"max_connections", "20"}, {"max_locks_per_transaction", "10"}},
       "blocked-sessions: { warning: { above: 0, clear: 0 }, critical: ~ },"
       " lock-wait: { warning: { above: 10ms }, critical: ~ }, ddl-queue: { warning: { above: 10ms }, critical: ~ }",
       [](Stage& stage) {
         run_all(stage, {"CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)"});
       },
       [](Stage& stage) {
         stage.session(
             {"BEGIN", "SELECT pg_advisory_xact_lock(g) FROM generate_series(1, 120) g", "UPDATE t SET id = 2"});
         stage.busy("ALTER TABLE t ADD COLUMN note text");
       },
       leave,
       minutes(6),
       minutes(1)},
      {"Connections",
       {"connections-used", "connections-left", "database-connections", "role-connections", "active-sessions"},
       {{"max_connections", "12"}, {"superuser_reserved_connections", "3"}},
       "active-sessions: { warning: { above: 0.001, clear: 0.001 }, critical: ~ }",
       [](Stage& stage) {
         run_all(stage, {"CREATE ROLE app LOGIN CONNECTION LIMIT 5", "ALTER DATABASE postgres CONNECTION LIMIT 8"});
       },
       [](Stage& stage) {
         for (int i = 0; i < 5; ++i) stage.session({}, "app");
         stage.busy("SELECT pg_sleep(300)");
         stage.session({});
       },
       [](Stage& stage) {
         stage.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
         stage.leave();
       },
       minutes(6),
       minutes(1)},
      {"Settings",
       {"settings-pending-restart", "settings-changed", "unsafe-settings", "autovacuum-off",
        "configuration-file-broken", "hba-file-broken", "hba-changed"},
       {},
       "hba-changed: { resolve_after: 1m }, settings-changed: { resolve_after: 1m },"
       " settings-pending-restart: { warning: { for: 1m } }",
       nothing,
       [](Stage& stage) {
         std::ofstream(stage.server.data_folder() / "pg_hba.conf", std::ios::app) << "local everybody\n";
         stage.reload("max_connections", "77");
         stage.reload("full_page_writes", "off");
         stage.reload("autovacuum", "off");
         std::ofstream(stage.server.data_folder() / "postgresql.conf", std::ios::app) << "work_mem = 'much'\n";
       },
       [](Stage& stage) {
         const auto replace = [&](const char* file, std::string_view bad) {
           const auto path = stage.server.data_folder() / file;
           std::string text = slurp(path);
           text.erase(text.find(bad), bad.size());
           std::ofstream(path) << text;
         };
         replace("pg_hba.conf", "local everybody\n");
         replace("postgresql.conf", "work_mem = 'much'\n");
         stage.reload("max_connections", "50");
         stage.reload("full_page_writes", "on");
         stage.reload("autovacuum", "on");
       },
       minutes(6),
       minutes(35)},
      {"Tables",
       {"dead-rows", "table-not-vacuumed", "table-not-analyzed", "invalid-index", "sequence-exhaustion",
        "database-half-dropped"},
       {},
       "",
       [](Stage& stage) {
         run_all(stage, {"CREATE DATABASE half", "CREATE TABLE small (id smallserial PRIMARY KEY)",
                         "CREATE TABLE big (id int) WITH (autovacuum_enabled = off)",
                         "CREATE TABLE twice (id int) WITH (autovacuum_enabled = off)",
                         "INSERT INTO big SELECT g FROM generate_series(1, 250000) g", "VACUUM ANALYZE big"});
       },
       [](Stage& stage) {
         run_all(stage, {"DELETE FROM big WHERE id > 30000", "SELECT setval('small_id_seq', 32000)",
                         "INSERT INTO twice VALUES (1), (1)",
                         "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half'"});
         EXPECT_THROW(stage.server.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (id)"), Error);
         stage.lab->collect();
         stage.lab->pass(hours(74), minutes(10));
       },
       [](Stage& stage) {
         run_all(stage, {"VACUUM ANALYZE big", "SELECT setval('small_id_seq', 1)", "DROP INDEX broken",
                         "UPDATE pg_database SET datconnlimit = -1 WHERE datname = 'half'"});
       },
       minutes(35),
       minutes(1)},
      {"Bloat",
       {"table-bloat", "index-bloat"},
       {},
       "table-bloat: { warning: { above: 1MB, clear: 1MB }, critical: ~ },"
       " index-bloat: { warning: { above: 1MB, clear: 1MB }, critical: ~ }",
       [](Stage& stage) {
         // Relations below 16 MB are not judged.
         run_all(stage,
                 {"CREATE TABLE big (id int PRIMARY KEY, filler text) WITH (autovacuum_enabled = off)",
                  "INSERT INTO big SELECT g, repeat('x', 20) FROM generate_series(1, 900000) g", "VACUUM ANALYZE big"});
       },
       [](Stage& stage) {
         run_all(stage, {"DELETE FROM big WHERE id % 10 <> 0", "VACUUM ANALYZE big"});
       },
       [](Stage& stage) {
         run_all(stage, {"VACUUM FULL big", "ANALYZE big"});
       },
       minutes(65),
       minutes(65)},
      {"Counters",
       {"rollback-ratio", "deadlocks", "temp-files", "checkpoints-requested", "statements-evicted"},
       {{"deadlock_timeout", "20ms"}, {"pg_stat_statements.max", "100"}, {"work_mem", "64kB"}},
       "deadlocks: { warning: { above: 0 }, critical: ~ }, temp-files: { warning: { above: 1MB }, critical: ~ },"
       " rollback-ratio: { warning: { for: 0s }, critical: ~ }, statements-evicted: { warning: { above: 0 } }",
       [](Stage& stage) {
         run_all(
             stage,
             {"CREATE EXTENSION pg_stat_statements", "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 2) g",
              "CREATE TABLE wide AS SELECT g, repeat('x', 400) AS filler FROM generate_series(1, 150000) g"});
       },
       [](Stage& stage) {
         PgConnection session = stage.server.connect();
         for (int i = 0; i < 1500; ++i) {
           session.query("BEGIN");
           session.query("ROLLBACK");
         }
         for (int i = 0; i < 300; ++i) session.query(fmt::format("SELECT 1 AS column_{}", i));
         session.query("SELECT count(*) FROM (SELECT * FROM wide ORDER BY filler, g) AS sorted", minutes(1), {});
         for (int i = 0; i < 5; ++i) session.query("CHECKPOINT", minutes(1), {});
         session.query("BEGIN");
         session.query("UPDATE t SET id = 1 WHERE id = 1");
         stage.busy("BEGIN; UPDATE t SET id = 2 WHERE id = 2; UPDATE t SET id = 1 WHERE id = 1");
         stage.busy(
             "DO $$ BEGIN UPDATE t SET id = 2 WHERE id = 2; PERFORM pg_sleep(0.2); UPDATE t SET id = 1 WHERE id = 1; "
             "END $$");
         try {
           session.query("SELECT pg_sleep(0.5)");
           session.query("UPDATE t SET id = 2 WHERE id = 2");
           session.query("COMMIT");
         } catch (const Error&) {  // it was the one that lost
         }
       },
       leave,
       seconds(30),
       minutes(70)},
      {"Archive",
       {"archiver-failing", "archive-backlog", "recovery-point-age", "wal-directory-large"},
       {{"archive_mode", "on"}, {"archive_command", "/bin/true"}},
       "archive-backlog: { warning: { above: 0, clear: 0 }, critical: ~ },"
       " recovery-point-age: { warning: { above: 10ms }, critical: ~ },"
       " wal-directory-large: { warning: { above: 0.1, clear: 0.1 }, critical: ~ }",
       [](Stage& stage) { stage.server.execute("CREATE TABLE t (id int)"); },
       [](Stage& stage) {
         stage.reload("archive_command", "/bin/false");
         for (int i = 0; i < 8; ++i) run_all(stage, {"INSERT INTO t VALUES (1)", "SELECT pg_switch_wal()"});
       },
       [](Stage& stage) {
         stage.reload("archive_command", "/bin/true");
         stage.reload("max_wal_size", "10GB");
       },
       minutes(20),
       minutes(1)},
      {"Slots",
       {"slot-inactive", "slot-retained-wal", "slot-fills-disk"},
       {},
       "slot-inactive: { warning: { above: 1kB }, critical: ~ },"
       " slot-retained-wal: { warning: { above: 1kB, clear: 1kB }, critical: ~ },"
       " slot-fills-disk: { warning: { above: 0.0000000001, clear: 0.0000000001 }, critical: ~ }",
       nothing,
       [](Stage& stage) {
         run_all(stage, {"SELECT pg_create_physical_replication_slot('old', true)",
                         "SELECT pg_logical_emit_message(false, 'x', repeat('x', 100000))"});
       },
       [](Stage& stage) { stage.server.execute("SELECT pg_drop_replication_slot('old')"); },
       minutes(20),
       minutes(2)},
      {"LostSlots",
       {"slot-wal-status", "sync-standby-missing"},
       {{"max_wal_size", "32MB"}, {"min_wal_size", "32MB"}, {"max_slot_wal_keep_size", "1MB"}},
       "",
       nothing,
       [](Stage& stage) {
         stage.server.execute("SELECT pg_create_physical_replication_slot('old', true)");
         PgConnection session = stage.server.connect();
         for (int i = 0; i < 5; ++i) {
           session.query("SELECT pg_logical_emit_message(false, 'x', 'y')");
           session.query("SELECT pg_switch_wal()");
         }
         session.query("CHECKPOINT", minutes(1), {});
         session.query("CHECKPOINT", minutes(1), {});
         stage.reload("synchronous_standby_names", "nobody");
       },
       [](Stage& stage) {
         stage.reload("synchronous_standby_names", "");
         stage.server.execute("SELECT pg_drop_replication_slot('old')");
       },
       minutes(2),
       minutes(2)},
      {"Restarts",
       {"pg-down", "pg-restarted", "pg-crashed"},
       {},
       "pg-restarted: { resolve_after: 1m }, pg-crashed: { resolve_after: 1m }",
       [](Stage& stage) {
         // Old enough for the checkpointer after the crash to be younger.
         ASSERT_TRUE(eventually(patience, [&] {
           return stage.server.execute("SELECT now() - pg_postmaster_start_time() > '5 s'").text(0, 0) == "t";
         }));
         stage.lab->collect();
         stage.lab->pass(minutes(12));
       },
       [](Stage& stage) {
         PgConnection session = stage.server.connect();
         const pid_t backend = std::stoi(session.query("SELECT pg_backend_pid()").text(0, 0));
         ::kill(backend, SIGKILL);
         ASSERT_TRUE(eventually(patience, [&] {
           try {
             return stage.server.execute("SELECT 1").text(0, 0) == "1";
           } catch (const Error&) {
             return false;
           }
         }));
         for (int i = 0; i < 10; ++i) stage.lab->collect();
         EXPECT_TRUE(stage.lab->fires("pg-crashed"));
         EXPECT_FALSE(stage.lab->fires("pg-restarted"));
         stage.lab->pass(minutes(20));
         stage.server.stop();
         stage.lab->collect();
         stage.lab->pass(minutes(2));
         EXPECT_TRUE(stage.lab->fires("pg-down"));
         stage.server.start();
         stage.lab->collect();
         EXPECT_TRUE(stage.lab->fires("pg-restarted"));
         EXPECT_FALSE(stage.lab->fires("pg-crashed"));
       },
       nothing,
       milliseconds(0),  // seen to fire one after the other
       minutes(30)},
  };
  return all;
}

// Scenarios with two servers, below.
const Rules of_standbys{"replay-paused", "standby-lag",     "wal-receiver-down",
                        "role-changed",  "replication-lag", "standbys-missing"};
const Rules of_subscriptions{"subscription-errors", "subscription-lag", "subscription-worker-down"};

// Which way the others are tested: injected samples, and why.
const std::map<std::string, std::string>& injected() {
  const std::string age = "takes more transactions than a test can make";
  const std::string disk = "a test does not fill the machine's disk";
  const std::string backup = "backups have servers and tests of their own; the rule sees their metrics only";
  const std::string agent = "is about the agent and not about the server";
  static const std::map<std::string, std::string> reasons{
      {"wraparound", age},
      {"multixact-wraparound", age},
      {"freeze-overrun", age},
      {"autovacuum-saturated", "nobody can keep autovacuum's workers busy for half an hour in a test"},
      {"checksum-failure", "needs a broken disk"},
      {"clock-skew", "needs another clock"},
      {"server-end-of-life", "depends on the date"},
      {"server-minor-corrupts", "needs PostgreSQL 14.0 to 14.3"},
      {"collation-mismatch", "needs another C library"},
      {"cache-hit-ratio", "a test does not read a thousand blocks a second for a quarter of an hour"},
      {"checkpoint-stale", "needs 100 MB of WAL and a disk that hangs"},
      {"statement-regression", "needs six hours of statements"},
      {"replication-lag-time", "a standby in a folder is never late for minutes"},
      {"standby-conflicts", "more than ten cancelled queries of a standby"},
      {"disk-used", disk},
      {"disk-fill", disk},
      {"disk-inodes", disk},
      {"backup-age", backup},
      {"backup-failed", backup},
      {"backup-store-unreadable", backup},
      {"backup-size", backup},
      {"backup-duration", backup},
      {"backup-stuck", backup},
      {"backup-store-space", backup},
      {"restore-test-failed", backup},
      {"restore-test-age", backup},
      {"collector-failing", agent},
      {"collector-slowed", agent},
      {"database-unreadable", agent},
      {"agent-paused", agent},
      {"database-read-failed", agent},
      {"channel-failing", agent},
      {"channel-broken", agent},
      {"notifications-given-up", agent},
      {"notifications-evicted", agent},
      {"table-rule", "the series of rows are tested on servers in table_rules_test.cpp"},
      {"table-rule-failing", "the series of rows are tested on servers in table_rules_test.cpp"},
      {"notifications-stuck", agent},
      {"rule-failing", agent},
      {"evaluation-failing", agent},
      {"config-reload-failed", agent},
      {"web-config-reload-failed", agent},
      {"certificate-expiry", agent},
      {"agent-file-descriptors", agent},
  };
  return reasons;
}

TEST(RuleScenarios, OrInjectedSamplesTestEveryRule) {
  Rules tested = of_standbys;
  tested.insert(of_subscriptions.begin(), of_subscriptions.end());
  for (const Scenario& scenario : scenarios()) tested.insert(scenario.rules.begin(), scenario.rules.end());
  for (const auto& [rule, reason] : injected()) {
    EXPECT_FALSE(tested.contains(rule)) << rule << " is tested on a server";
    tested.insert(rule);
  }
  Problems problems;
  auto empty = Section::parse("", "empty", problems);
  Rules rules;
  for (const Rule& rule : decode_alerts(*empty).rules) rules.insert(rule.id);
  EXPECT_EQ(tested, rules);
}

std::vector<std::pair<int, std::size_t>> stages() {
  std::vector<std::pair<int, std::size_t>> all;
  for (const int major : PgCluster::usual_versions()) {
    for (std::size_t i = 0; i < scenarios().size(); ++i) all.emplace_back(major, i);
  }
  return all;
}

class OnAServer : public testing::TestWithParam<std::pair<int, std::size_t>> {};

TEST_P(OnAServer, RulesFireAndClear) {
  const Scenario& scenario = scenarios().at(GetParam().second);
  Stage stage(GetParam().first, scenario.settings, scenario.overrides);
  RuleLab& lab = *stage.lab;
  scenario.prepare(stage);
  lab.collect();
  lab.pass(std::chrono::minutes(6));
  lab.collect();
  const auto which = [&] {
    Rules firing;
    for (const std::string& rule : lab.firing()) {
      if (scenario.rules.contains(rule)) firing.insert(rule);
    }
    return firing;
  };
  // pg_wal and archiving are lively while a server starts.
  if (std::string(scenario.name) != "Archive") {
    EXPECT_EQ(which(), Rules{}) << "before anything was done: " << lab.summaries();
  }
  scenario.provoke(stage);
  if (scenario.hold.count() > 0) {
    Rules fired;
    EXPECT_TRUE(eventually(patience,
                           [&] {
                             lab.collect();
                             lab.pass(scenario.hold);
                             for (const std::string& rule : which()) fired.insert(rule);
                             return fired == scenario.rules;
                           }))
        << "fired: " << testing::PrintToString(fired) << "\n"
        << lab.summaries();
  }
  scenario.settle(stage);
  EXPECT_TRUE(eventually(patience,
                         [&] {
                           lab.collect();
                           lab.pass(scenario.clear);
                           return which().empty();
                         }))
      << "still firing: " << lab.summaries();
  EXPECT_EQ(lab.problems(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, OnAServer, testing::ValuesIn(stages()), [](const auto& stage) {
  return fmt::format("{}On{}", scenarios().at(stage.param.second).name, stage.param.first);
});

class RulesOnServers : public testing::TestWithParam<int> {
 protected:
  static bool until(RuleLab& lab, milliseconds step, const std::function<bool()>& reached) {
    return eventually(patience, [&] {
      lab.collect();
      lab.pass(step);
      return reached();
    });
  }
};

TEST_P(RulesOnServers, AStandbyIsWatchedFromBothSides) {
  using std::chrono::minutes;
  PgCluster primary(GetParam(), settings_with({}));
  PgCluster standby(GetParam(), settings_with({}));
  create_monitoring_role(primary);
  make_standby(primary, standby);
  const std::string options =
      "{ disable: [disk-used, disk-fill, disk-inodes], override: {"
      " replication-lag: { warning: { above: 1kB, clear: 1kB }, critical: ~ },"
      " standby-lag: { warning: { above: 10ms, clear: 10ms }, critical: ~ }, role-changed: { resolve_after: 1m } } }";
  RuleLab there(primary, options);
  RuleLab here(standby, options);
  ASSERT_TRUE(until(there, minutes(6), [&] { return there.firing().empty(); })) << there.summaries();
  there.pass(std::chrono::hours(4), minutes(1));  // how many standbys are usual is known after half of six hours
  ASSERT_TRUE(until(here, minutes(1), [&] { return here.firing().empty(); })) << here.summaries();

  standby.execute("SELECT pg_wal_replay_pause()");
  primary.execute("CREATE TABLE t AS SELECT g FROM generate_series(1, 10000) g");
  EXPECT_TRUE(until(there, minutes(6), [&] { return there.fires("replication-lag"); }));
  EXPECT_TRUE(until(here, minutes(31), [&] { return here.fires("replay-paused") && here.fires("standby-lag"); }))
      << here.summaries();
  standby.execute("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(until(there, minutes(1), [&] { return there.firing().empty(); })) << there.summaries();
  EXPECT_TRUE(until(here, minutes(1), [&] { return here.firing().empty(); })) << here.summaries();

  primary.stop();
  EXPECT_TRUE(until(here, minutes(3), [&] { return here.fires("wal-receiver-down"); }));
  primary.start();
  EXPECT_TRUE(until(here, minutes(1), [&] { return !here.fires("wal-receiver-down"); })) << here.summaries();

  standby.stop();
  EXPECT_TRUE(until(there, minutes(6), [&] { return there.fires("standbys-missing"); })) << there.summaries();
  standby.start();
  EXPECT_TRUE(until(there, minutes(1), [&] { return !there.fires("standbys-missing"); }));

  // After a promotion nothing of the standby's former life may go on firing.
  ASSERT_TRUE(until(here, minutes(1), [&] { return !here.fires("wal-receiver-down"); }));
  primary.stop();
  EXPECT_TRUE(until(here, minutes(3), [&] { return here.fires("wal-receiver-down"); }));
  standby.execute("SELECT pg_promote()");
  EXPECT_TRUE(until(here, minutes(1), [&] { return here.fires("role-changed"); })) << here.summaries();
  EXPECT_TRUE(until(here, minutes(20), [&] { return here.firing().empty(); })) << here.summaries();
}

TEST_P(RulesOnServers, ASubscriptionThatFailsIsSeen) {
  using std::chrono::minutes;
  PgCluster publisher(GetParam(), settings_with({{"wal_level", "logical"}}));
  PgCluster subscriber(GetParam(), settings_with({{"wal_retrieve_retry_interval", "1s"}}));
  for (const PgCluster* server : {&publisher, &subscriber}) {
    create_monitoring_role(*server);
    server->execute("CREATE TABLE public.t (id int PRIMARY KEY)");
  }
  publisher.execute("CREATE PUBLICATION everything FOR ALL TABLES");
  subscriber.execute("CREATE SUBSCRIPTION copy CONNECTION '" + publisher.conninfo() + "' PUBLICATION everything");
  RuleLab lab(subscriber,
              "{ disable: [disk-used, disk-fill, disk-inodes], override: {"
              " subscription-lag: { warning: { above: 1ms }, critical: ~ } } }");
  EXPECT_TRUE(until(lab, minutes(6), [&] { return lab.fires("subscription-lag"); })) << lab.summaries();

  subscriber.execute("INSERT INTO public.t VALUES (2)");
  publisher.execute("INSERT INTO public.t VALUES (2)");
  Rules fired;
  EXPECT_TRUE(until(lab, seconds(90), [&] {
    for (const std::string& rule : lab.firing()) fired.insert(rule);
    // The worker comes back for a moment, again and again: between two attempts it is not there.
    if (!lab.fires("subscription-worker-down")) lab.pass(minutes(4));
    for (const std::string& rule : lab.firing()) fired.insert(rule);
    return fired.contains("subscription-errors") && fired.contains("subscription-worker-down");
  })) << testing::PrintToString(fired);

  subscriber.execute("ALTER SUBSCRIPTION copy DISABLE");
  EXPECT_TRUE(until(lab, minutes(10), [&] { return lab.firing().empty(); })) << lab.summaries();
}

INSTANTIATE_TEST_SUITE_P(Versions, RulesOnServers, testing::ValuesIn(PgCluster::usual_versions()));

class HealthyServer : public testing::TestWithParam<int> {};

TEST_P(HealthyServer, ThatIsIdleFiresNothing) {
  PgCluster server(GetParam(), {{"fsync", "on"}, {"shared_preload_libraries", ""}});
  create_monitoring_role(server);
  // How full this machine's disk is says nothing about the rules.
  RuleLab lab(server, "{ disable: [disk-used, disk-fill, disk-inodes] }");
  for (int i = 0; i < 3; ++i) {
    lab.collect();
    lab.pass(std::chrono::hours(1));
    EXPECT_EQ(lab.summaries(), "");
  }
  lab.pass(std::chrono::hours(24 * 11), std::chrono::minutes(10));
  EXPECT_EQ(lab.summaries(), "");
  EXPECT_EQ(lab.problems(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Versions, HealthyServer, testing::ValuesIn(PgCluster::available_versions()));

}  // namespace
}  // namespace pgvigil
