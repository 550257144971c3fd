// Whole ways: from something that happens on a real server, through the agent's binary, to what people are told.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "collectors/backup/folder_store.h"
#include "core/json.h"
#include "tests/support/agent.h"
#include "tests/support/backup_lab.h"
#include "tests/support/http_receiver.h"
#include "tests/support/pg_cluster.h"

namespace pgvigil {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr milliseconds patience{60000};

HttpReceiver::Answer answer(const HttpReceiver::Request& request) {
  const bool slack = request.path == "/slack";
  return {slack ? 200 : 202, {}, slack ? "ok" : R"({"status":"success"})", milliseconds(0), false};
}

// The people who are told: a team on Slack and, when it is critical, somebody with a pager. What built-in rules say
// of other things is left out.
class People {
 public:
  // The section `alerts`; a list of rules may follow it.
  std::string alerts() const {
    return fmt::format(R"(alerts:
  interval: 1s
  instance: shop-db
  channels:
    - {{ name: team, kind: slack, webhook_url: "{}", allow_http: true }}
    - name: pager
      kind: pagerduty
      url: "{}"
      routing_key: 0123456789abcdef0123456789abcdef
      allow_http: true
      min_level: critical
)",
                       receiver_.url("/slack"), receiver_.url("/v2/enqueue"));
  }

  // What Slack was told of the rule, in order.
  std::vector<std::string> slack_texts(std::string_view rule) const {
    std::vector<std::string> texts;
    for (const Json& message : received("/slack")) {
      const Json::Array& attachments = message["attachments"].array();
      const Json::Array fields = attachments.empty() ? Json::Array{} : attachments.front()["fields"].array();
      const auto names_rule = [&](const Json& field) {
        return field["title"].text() == "Rule" && field["value"].text() == rule;
      };
      if (std::any_of(fields.begin(), fields.end(), names_rule)) texts.push_back(message["text"].text());
    }
    return texts;
  }

  // The keys of the incidents that the rule opened, one for each trigger.
  std::vector<std::string> incidents(std::string_view rule) const {
    std::vector<std::string> keys;
    for (const Json& event : received("/v2/enqueue")) {
      const bool opens = event["event_action"].text() == "trigger" && event["payload"]["class"].text() == rule;
      if (opens) keys.push_back(event["dedup_key"].text());
    }
    return keys;
  }

  bool resolved(std::string_view incident) const {
    const std::vector<Json> events = received("/v2/enqueue");
    return std::any_of(events.begin(), events.end(), [&](const Json& event) {
      return event["event_action"].text() == "resolve" && event["dedup_key"].text() == incident;
    });
  }

  // The incident that the rule opens; "" when it opens none.
  std::string wait_for_incident(std::string_view rule) const {
    eventually(patience, [&] { return !incidents(rule).empty(); });
    const std::vector<std::string> keys = incidents(rule);
    return keys.empty() ? "" : keys.front();
  }

  bool wait_for_resolve(const std::string& incident) const {
    return eventually(patience, [&] { return resolved(incident); });
  }

 private:
  std::vector<Json> received(std::string_view path) const {
    std::vector<Json> bodies;
    for (const HttpReceiver::Request& request : receiver_.requests()) {
      if (request.path == path) bodies.push_back(Json::parse(request.body));
    }
    return bodies;
  }

  HttpReceiver receiver_{0, &answer};
};

class IdleInTransaction : public testing::Test {
 protected:
  static constexpr auto rule = "idle-in-transaction";
  static constexpr auto firing = R"(pgvigil_alerts{rule="idle-in-transaction",level="critical",state="firing")";

  // The built-in rule with less patience.
  std::string config(std::string_view warning, std::string_view critical) const {
    return fmt::format(R"({}  rules:
    - id: {}
      expr: pg_stat_activity_idle_in_transaction_max_seconds
      warning: {{ above: {} }}
      critical: {{ above: {} }}
      summary: "{{{{subject}}}}: idle in its transaction for {{{{value|duration}}}}"
collectors: {{ intervals: {{ idle_in_transaction: 1s }} }}
)",
                       people_.alerts(), rule, warning, critical);
  }

  void begin_transaction() {
    session_.emplace(cluster_.connect());
    session_->query("BEGIN");
  }
  void end_session() { session_.reset(); }

  // The key under which an agent that sees the transaction wakes somebody.
  std::string provoke_incident(Agent& agent) {
    agent.start();
    begin_transaction();
    std::string incident = people_.wait_for_incident(rule);
    EXPECT_THAT(incident, StartsWith("pgvigil:")) << agent.process().error_output();
    return incident;
  }

  // Received is one thing, and known to be received another.
  bool nothing_owed(const Agent& agent) const {
    return eventually(patience, [&] { return agent.value(R"(pgvigil_notifications_pending{channel="pager")") == 0; });
  }

  People people_;
  PgCluster cluster_;
  std::optional<PgConnection> session_;
};

TEST_F(IdleInTransaction, WarnsThenWakesSomebodyAndSaysWhenItIsOver) {
  Agent agent(cluster_, config("1s", "12s"));
  const std::string incident = provoke_incident(agent);
  EXPECT_TRUE(eventually(patience, [&] { return people_.slack_texts(rule).size() == 2; }));
  EXPECT_TRUE(eventually(patience, [&] { return agent.value(firing) == 1; })) << agent.metrics();
  EXPECT_FALSE(people_.resolved(incident));
  end_session();
  EXPECT_TRUE(people_.wait_for_resolve(incident)) << agent.process().error_output();
  EXPECT_TRUE(eventually(patience, [&] { return people_.slack_texts(rule).size() == 3; }));
  EXPECT_THAT(
      people_.slack_texts(rule),
      ElementsAre(AllOf(StartsWith("WARNING on shop-db: "), HasSubstr("idle in its transaction")),
                  AllOf(StartsWith("CRITICAL (was warning) on shop-db: "), HasSubstr("idle in its transaction")),
                  StartsWith("RESOLVED on shop-db after ")));
  EXPECT_TRUE(eventually(patience, [&] { return !agent.value(firing); }));
  EXPECT_THAT(people_.incidents(rule), ElementsAre(incident));
}

TEST_F(IdleInTransaction, ThatEndedWhileTheAgentWasKilledIsResolvedByTheNextStart) {
  Agent agent(cluster_, config("1s", "2s"));
  const std::string incident = provoke_incident(agent);
  ASSERT_TRUE(nothing_owed(agent));
  agent.kill();
  end_session();
  EXPECT_FALSE(people_.resolved(incident));
  agent.start();
  EXPECT_TRUE(people_.wait_for_resolve(incident)) << agent.process().error_output();
  EXPECT_THAT(people_.incidents(rule), ElementsAre(incident));
}

TEST_F(IdleInTransaction, ThatGoesOnWhileTheAgentWasKilledIsNoSecondIncident) {
  Agent agent(cluster_, config("1s", "2s"));
  const std::string incident = provoke_incident(agent);
  ASSERT_TRUE(nothing_owed(agent));
  agent.kill();
  agent.start();
  const auto seen = R"(pg_stat_activity_idle_in_transaction_max_seconds{datname="postgres")";
  EXPECT_TRUE(eventually(patience, [&] { return agent.value(seen) > 2; })) << agent.metrics();
  EXPECT_TRUE(eventually(patience, [&] { return agent.value("pgvigil_rule_evaluations_total") >= 3; }));
  EXPECT_EQ(agent.value(firing), 1);
  EXPECT_FALSE(people_.resolved(incident));
  end_session();
  EXPECT_TRUE(people_.wait_for_resolve(incident)) << agent.process().error_output();
  EXPECT_THAT(people_.incidents(rule), ElementsAre(incident));
}

// A job of database "shop" whose programs stand in a folder of its own: the real ones, but for pg_dump.
class BackupWay : public testing::Test {
 protected:
  BackupWay() {
    cluster_.execute("CREATE DATABASE shop");
    cluster_.execute("CREATE TABLE orders AS SELECT n AS id, n * 2 AS total FROM generate_series(1, 500) n", "shop");
    std::filesystem::create_directory(programs_);
    for (const auto& program : std::filesystem::directory_iterator(real_programs_)) {
      std::filesystem::create_symlink(program.path(), programs_ / program.path().filename());
    }
    agent_.configure(people_.alerts() + job());
  }

  // It tells its version, says how a dump begins, and is killed.
  void break_pg_dump() const {
    const auto script = programs_ / "pg_dump.new";
    std::ofstream(script) << fmt::format(
        "#!/bin/sh\ncase \"$*\" in *--version*) exec '{0}' --version ;; esac\n'{0}' \"$@\" | head -c 1000\nkill -9 "
        "$$\n",
        (real_programs_ / "pg_dump").string());
    using std::filesystem::perms;
    std::filesystem::permissions(
        script, perms::owner_all | perms::group_exec | perms::others_exec | perms::group_read | perms::others_read);
    std::filesystem::rename(script, programs_ / "pg_dump");
  }

  // At once: there is no moment without a pg_dump.
  void repair_pg_dump() const {
    std::filesystem::create_symlink(real_programs_ / "pg_dump", programs_ / "pg_dump.new");
    std::filesystem::rename(programs_ / "pg_dump.new", programs_ / "pg_dump");
  }

  std::string job() const {
    return fmt::format(R"(backups:
  - name: shop
    database: shop
    schedule: every 2s
    folder: {}
    pg_bin: {}
    log_database: postgres
    verify:
      schedule: every 2s
      {}
      queries:
        - {{ sql: "SELECT count(*) FROM orders", min: 500 }}
)",
                       (agent_.folder() / "backups").string(), programs_.string(),
                       geteuid() == 0 ? "run_as: postgres" : "");
  }

  // A metric of the job; nothing when there is no such series.
  std::optional<double> value(std::string_view metric) const {
    return agent_.value(fmt::format(R"({}{{job="shop",database="shop")", metric));
  }
  bool becomes(std::string_view metric, double wanted) const {
    return eventually(patience, [&] { return value(metric) == wanted; });
  }
  bool exceeds(std::string_view metric, double bound) const {
    return eventually(patience, [&] { return value(metric) > bound; });
  }

  // Whether the index table `table` gets a row of which that is true.
  bool logs(std::string_view table, std::string_view condition) const {
    return eventually(patience, [&] {
      const auto known = cluster_.execute(fmt::format("SELECT to_regclass('pgvigil.{}') IS NOT NULL", table));
      if (known.text(0, 0) != "t") return false;
      const auto sql = fmt::format("SELECT EXISTS (SELECT FROM pgvigil.{} WHERE {})", table, condition);
      return cluster_.execute(sql).text(0, 0) == "t";
    });
  }

  // Everything in the store, what a run has not finished included.
  std::ptrdiff_t sets() const {
    return std::distance(std::filesystem::directory_iterator(agent_.folder() / "backups" / "shop"), {});
  }
  std::vector<std::string> backups() const { return FolderStore(agent_.folder() / "backups", "shop").ids(); }

  People people_;
  PgCluster cluster_{BackupLab::server_version()};
  Agent agent_{cluster_};
  std::filesystem::path real_programs_ = PgCluster::programs(cluster_.major());
  std::filesystem::path programs_ = agent_.folder() / "programs";
};

TEST_F(BackupWay, AKilledDumpIsNoBackupAndWakesSomebodyUntilOneIsTakenAndProved) {
  break_pg_dump();
  agent_.start();
  const std::string incident = people_.wait_for_incident("backup-failed");
  ASSERT_THAT(incident, StartsWith("pgvigil:")) << agent_.process().error_output();
  EXPECT_EQ(value("pgvigil_backup_last_run_success"), 0);
  EXPECT_EQ(value("pgvigil_backup_last_success_timestamp_seconds"), 0);
  EXPECT_EQ(value("pgvigil_backup_verified_timestamp_seconds"), 0);
  EXPECT_TRUE(logs("backup_log", "job = 'shop' AND state = 'failed' AND error LIKE '%pg_dump: killed by signal 9%'"))
      << agent_.process().error_output();
  EXPECT_THAT(backups(), IsEmpty());  // a set without manifest.json is none
  EXPECT_FALSE(people_.resolved(incident));

  repair_pg_dump();
  EXPECT_TRUE(becomes("pgvigil_backup_last_run_success", 1)) << agent_.process().error_output();
  EXPECT_TRUE(people_.wait_for_resolve(incident)) << agent_.process().error_output();
  EXPECT_THAT(people_.incidents("backup-failed"), ElementsAre(incident));
  EXPECT_THAT(backups(), testing::Not(IsEmpty()));
  EXPECT_GT(value("pgvigil_backup_last_success_timestamp_seconds"), 0);
  EXPECT_TRUE(eventually(patience, [&] { return value("pgvigil_backup_age_seconds") < 60; }));
  EXPECT_TRUE(exceeds("pgvigil_backup_verified_timestamp_seconds", 0)) << agent_.process().error_output();
  EXPECT_TRUE(logs("recovery_tests", "job = 'shop' AND success")) << agent_.process().error_output();
  EXPECT_EQ(agent_.stop(), (Process::Exit{0, 0})) << agent_.process().error_output();
  EXPECT_EQ(sets(), std::ssize(backups()));
}

}  // namespace
}  // namespace pgvigil
