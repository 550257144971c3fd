#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "alerts/alert_history.h"
#include "alerts/alert_store.h"
#include "alerts/outbox.h"
#include "alerts/routing/routing_store.h"
#include "alerts/routing/silence_store.h"
#include "core/error.h"
#include "core/json.h"
#include "core/local_store.h"
#include "exporter/commands/alerts.h"
#include "exporter/commands/config_file.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Alert alert(const std::string& id, const std::string& name) {
  Alert result;
  result.id = id;
  result.rule = "disk-used";
  result.subject = {{"name", name}};
  result.instance = "db1";
  result.since = SystemClock().wall_now();
  result.announcement = {name, result.subject, name + " is full", "", ""};
  result.state.levels[index_of(Level::warning)].active = true;
  return result;
}

// The memory of an agent in which two alerts fire, and the commands on it.
class AlertsCommand : public testing::Test {
 protected:
  AlertsCommand() {
    const std::string channel = "{ name: chat, kind: slack, webhook_url: 'https://hooks.slack.com/services/T/B/x' }";
    command_.config_file = folder_.write(
        "c.yaml",
        fmt::format(
            "target: {{ conninfo: 'host=db' }}\nstate_dir: {}\nalerts:\n  instance: db1\n  builtin_rules: false\n"
            "  channels: [{}]\n  routes: [{{ match: 'severity=\"critical\"', to: chat, wait: 10s }}, "
            "{{ match: 'rule=\"noise\"', to: [] }}]\n",
            folder_.path().string(), channel));
    store_.transaction([](LocalStore::Transaction& transaction) {
      AlertStore::append(transaction, {{alert("abc1", "data"), alert("abd2", "wal")}, {}});
      AlertHistory::append(transaction,
                           {{"abc1", "disk-used", "data", {}, Level::warning, Reason::condition, 85, "data is full"}},
                           SystemClock().wall_now());
    });
  }

  struct Result {
    int code = 0;
    std::string out;
    std::string err;
  };
  static Result run(const std::function<int()>& work) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Result result;
    result.code = work();
    result.out = testing::internal::GetCapturedStdout();
    result.err = testing::internal::GetCapturedStderr();
    return result;
  }

  std::string list() {
    return run([this] { return command_.list(); }).out;
  }

  TempDir folder_;
  LocalStore store_{folder_ / "pgvigil.db"};  // the agent's own, open all the time
  Outbox outbox_{store_};
  AlertStore alerts_{store_};
  AlertHistory history_{store_};
  RoutingStore routing_{store_};
  SilenceStore silences_{store_};
  AlertCommand command_;
};

TEST_F(AlertsCommand, ListShowsWhatFires) {
  EXPECT_THAT(list(), HasSubstr("data is full"));
  command_.format = "json";
  const Json json = Json::parse(list());
  ASSERT_EQ(json.array().size(), 2U);
  EXPECT_EQ(json.array()[0]["id"].text(), "abc1");
  EXPECT_EQ(json.array()[0]["severity"].text(), "warning");
  EXPECT_EQ(json.array()[0]["labels"]["name"].text(), "data");
}

TEST_F(AlertsCommand, ASilenceIsListedShownAndEnded) {
  const Result added = run([this] { return command_.silence({"name=\"data\"", 2h, "upgrade", "ann"}); });
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("silence 1 until"));
  EXPECT_EQ(silences_.in_force(SystemClock().wall_now()).silences.size(), 1U) << "the agent sees it";
  EXPECT_THAT(run([this] { return command_.silences(); }).out, HasSubstr("ann"));
  EXPECT_THAT(list(), HasSubstr("data is full [silence 1 of ann: upgrade]"));
  EXPECT_EQ(run([this] { return command_.end_silence(1); }).code, 0);
  EXPECT_THAT(list(), Not(HasSubstr("silence 1")));
  const Result again = run([this] { return command_.end_silence(1); });
  EXPECT_EQ(again.code, problems_found);
  EXPECT_THAT(again.err, HasSubstr("there is no silence 1 in force"));
}

TEST_F(AlertsCommand, ASilenceOfEverythingOrOfNonsenseIsRefused) {
  EXPECT_EQ(run([this] { return command_.silence({"", 2h, "r", "a"}); }).code, unusable_config);
  const Result nonsense = run([this] { return command_.silence({"name", 2h, "r", "a"}); });
  EXPECT_EQ(nonsense.code, unusable_config);
  EXPECT_THAT(nonsense.err, HasSubstr("at character 5"));
}

TEST_F(AlertsCommand, AckTakesOneAlertByItsIdOrLabels) {
  EXPECT_EQ(run([this] { return command_.acknowledge({"abc", 1h, "on it", "ann"}); }).code, 0);
  EXPECT_EQ(run([this] { return command_.acknowledge({"name=\"wal\"", 1h, "mine", "bob"}); }).code, 0);
  const auto& acknowledgements = silences_.in_force(SystemClock().wall_now()).acknowledgements;
  EXPECT_EQ(acknowledgements.at("abc1").author, "ann");
  EXPECT_EQ(acknowledgements.at("abd2").level, Level::warning);
  EXPECT_THAT(list(), HasSubstr("[acknowledged by bob: mine]"));
  const Result both = run([this] { return command_.acknowledge({"ab", 1h, "r", "a"}); });
  EXPECT_EQ(both.code, problems_found);
  EXPECT_THAT(both.err, HasSubstr("2 alerts that fire are meant by 'ab'"));
  EXPECT_EQ(run([this] { return command_.acknowledge({"rule=\"other\"", 1h, "r", "a"}); }).code, problems_found);
}

TEST_F(AlertsCommand, HistoryTellsWhatHappened) {
  EXPECT_THAT(run([this] { return command_.history(1h); }).out, HasSubstr("ok -> warning"));
  EXPECT_THAT(run([this] { return command_.history(0ms); }).out, Not(HasSubstr("ok -> warning")));
}

TEST_F(AlertsCommand, ExplainSaysWhoWouldBeToldAndWhy) {
  const auto explain = [this](const std::string& labels) { return run([&] { return command_.explain(labels); }).out; };
  EXPECT_THAT(explain("rule=\"lag\", severity=\"critical\""),
              testing::AllOf(HasSubstr("taken by route 1 (severity=\"critical\")"),
                             HasSubstr("told     chat: by route 1, grouped by rule=\"lag\", first message after 10s")));
  EXPECT_THAT(explain("rule=\"lag\""), HasSubstr("taken by default (everything)"));
  EXPECT_THAT(explain("rule=\"noise\""), HasSubstr("no channel is to be told"));
  run([this] { return command_.silence({"rule=\"lag\"", 2h, "upgrade", "ann"}); });
  EXPECT_THAT(explain("rule=\"lag\""),
              testing::AllOf(HasSubstr("nobody is told now: silenced by silence 1 of ann: upgrade"),
                             HasSubstr("not told chat")));
  EXPECT_EQ(run([this] { return command_.explain("rule=~\"l.*\""); }).code, unusable_config);
}

TEST_F(AlertsCommand, WithoutAnAgentThereIsNothingToWorkOn) {
  const TempDir empty;
  command_.config_file = empty.write("c.yaml", fmt::format("target: {{ conninfo: 'host=db' }}\nstate_dir: {}\n"
                                                           "alerts: {{ builtin_rules: false }}\n",
                                                           empty.path().string()));
  EXPECT_THROW(command_.list(), Error);
}

}  // namespace
}  // namespace pgvigil
