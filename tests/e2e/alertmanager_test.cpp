// Against a real Alertmanager: what it makes of our alerts, and that our webhook's body is the one it sends itself.

#include "alerts/notifiers/alertmanager.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "alerts/notifiers/webhook.h"
#include "core/json.h"
#include "tests/support/free_port.h"
#include "tests/support/http_receiver.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

class RealAlertmanager : public testing::Test {
 protected:
  RealAlertmanager() {
    folder_.write("am.yml",
                  fmt::format("route: {{ receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname] }}\n"
                              "receivers:\n- name: hook\n  webhook_configs: [{{ url: '{}' }}]\n",
                              hook_.url("/hook")));
    server_.emplace(std::vector<std::string>{"prometheus-alertmanager", "--config.file", folder_ / "am.yml",
                                             "--storage.path", folder_ / "data", "--web.listen-address",
                                             fmt::format("127.0.0.1:{}", port_), "--cluster.listen-address", ""});
    started_ = server_->wait_for_output("Listening on", seconds(60));
  }

  Verdict deliver(const std::vector<Notification>& messages) {
    std::vector<Letter> letters;
    for (const Notification& message : messages) letters.push_back(letter(message));
    CurlClient client(Scheme::http_allowed);
    return notifier_.deliver(letters, {client, PgOptions(), seconds(20), {}});
  }
  Json alerts() const {
    CurlClient client(Scheme::http_allowed);
    return Json::parse(client.send({"GET", Secret(base_ + "/api/v2/alerts"), {}, ""}, seconds(20), {}).body);
  }
  // The same message as if it was about now: Alertmanager forgets what ended long ago.
  static Notification now(Notification message) {
    message.at = SystemClock().wall_now();
    for (AlertNews& news : message.alerts) {
      news.since = message.at - std::chrono::minutes(1);
      if (!news.firing) news.ended = message.at;
    }
    return message;
  }
  bool hook_says(const std::string& status) const {
    return hook_.wait_until(seconds(60), [&](const auto& requests) {
      return !requests.empty() && Json::parse(requests.back().body)["status"].text() == status;
    });
  }

  TempDir folder_;
  HttpReceiver hook_;
  const std::uint16_t port_ = free_port();
  const std::string base_ = fmt::format("http://127.0.0.1:{}", port_);
  std::optional<Process> server_;
  bool started_ = false;
  const AlertmanagerNotifier notifier_{AlertmanagerOptions{Secret(base_), {}, std::chrono::minutes(1)}};
};

TEST_F(RealAlertmanager, TakesWhatFiresAndWhatIsOver) {
  ASSERT_TRUE(started_) << server_->error_output();
  const Verdict verdict = deliver({now(trigger()), now(storm(20))});
  ASSERT_TRUE(verdict.delivered()) << verdict.why;
  EXPECT_EQ(alerts().array().size(), 21U);
  ASSERT_TRUE(hook_says("firing"));
  EXPECT_TRUE(deliver({now(resolve())}).delivered());
  EXPECT_TRUE(hook_says("resolved"));
}

TEST_F(RealAlertmanager, TakesWhatAHostileDatabaseSays) {
  ASSERT_TRUE(started_) << server_->error_output();
  for (const char* text : {"<!channel>", "\xff\xfe", "a\nb\"c", "{{ .Status }}"}) {
    const Verdict verdict = deliver({now(filled_with(text))});
    EXPECT_TRUE(verdict.delivered()) << verdict.why << " " << text;
  }
}

TEST_F(RealAlertmanager, SendsTheSameMembersAsOurWebhook) {
  ASSERT_TRUE(started_) << server_->error_output();
  deliver({now(trigger())});
  ASSERT_TRUE(hook_says("firing"));
  const Json theirs = Json::parse(hook_.requests().front().body);
  const Letter one = letter(trigger());
  const Json ours = Json::parse(WebhookNotifier({"hook", Secret("https://x"), {}, {}}).render({&one, 1}).body);
  const auto names = [](const Json& object) {
    std::set<std::string> result;
    for (const auto& member : object.object()) result.insert(member.first);
    return result;
  };
  std::set<std::string> expected = names(theirs);
  expected.insert("pgvigil");
  EXPECT_EQ(names(ours), expected);
  EXPECT_EQ(names(ours["alerts"].array().at(0)), names(theirs["alerts"].array().at(0)));
  EXPECT_EQ(ours["commonLabels"], theirs["commonLabels"]);
  EXPECT_EQ(ours["alerts"].array().at(0)["endsAt"], theirs["alerts"].array().at(0)["endsAt"]);
}

}  // namespace
}  // namespace pgvigil
