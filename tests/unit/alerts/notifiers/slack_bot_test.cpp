#include "alerts/notifiers/slack_bot.h"

#include <gtest/gtest.h>

#include "tests/unit/alerts/messages.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

class SlackBot : public testing::Test {
 protected:
  SlackBot() { client_.usual = HttpResponse{200, {}, R"({"ok":true,"channel":"C1","ts":"11.5"})"}; }

  // Delivers with what was remembered before, and remembers what the verdict says.
  Verdict deliver(const Notification& notification) {
    Letter one = letter(notification);
    one.remembered = remembered_;
    Verdict verdict = bot_.deliver({&one, 1}, {client_, target_, seconds(5), {}});
    remembered_ = verdict.remember.value_or(remembered_);
    return verdict;
  }
  void say(const std::string& error) { client_.answer(200, R"({"ok":false,"error":")" + error + R"("})"); }
  std::string method(std::size_t request) const {
    const std::string& url = client_.requests.at(request).url.reveal();
    return url.substr(url.rfind('/') + 1);
  }
  Json body(std::size_t request) const { return Json::parse(client_.requests.at(request).body); }

  const SlackBotNotifier bot_{SlackBotOptions{Secret("xoxb-secret"), "#ops", "https://slack.com/api"}};
  ScriptedClient client_;
  PgOptions target_;
  std::string remembered_;
};

TEST_F(SlackBot, PostsTheFirstMessageOfAKey) {
  EXPECT_TRUE(deliver(trigger()).delivered());
  ASSERT_EQ(client_.requests.size(), 1U);
  EXPECT_EQ(method(0), "chat.postMessage");
  EXPECT_EQ(body(0)["channel"].text(), "#ops");
  EXPECT_EQ(body(0)["attachments"].array().at(0)["color"].text(), "warning");
  EXPECT_NE(remembered_.find("11.5"), std::string::npos);
  bool authorized = false;
  for (const auto& [name, value] : client_.requests[0].headers)
    authorized = authorized || (name == "Authorization" && value == "Bearer xoxb-secret");
  EXPECT_TRUE(authorized);
}

TEST_F(SlackBot, RecoloursTheMessageAndPostsInItsThreadWhenItIsOver) {
  deliver(trigger());
  EXPECT_TRUE(deliver(resolve()).delivered());
  ASSERT_EQ(client_.requests.size(), 3U);
  EXPECT_EQ(method(1), "chat.update");
  EXPECT_EQ(body(1)["channel"].text(), "C1") << "the id: chat.update takes no name";
  EXPECT_EQ(body(1)["ts"].text(), "11.5");
  EXPECT_EQ(body(1)["attachments"].array().at(0)["color"].text(), "good");
  EXPECT_EQ(method(2), "chat.postMessage");
  EXPECT_EQ(body(2)["thread_ts"].text(), "11.5");
  EXPECT_FALSE(body(2)["reply_broadcast"].boolean());
}

TEST_F(SlackBot, AnEscalationIsShownToTheWholeChannel) {
  deliver(trigger());
  Notification worse = trigger();
  worse.level = worse.alerts.front().level = Level::critical;
  worse.alerts.front().previous = Level::warning;
  deliver(worse);
  EXPECT_TRUE(body(2)["reply_broadcast"].boolean());
  EXPECT_EQ(body(1)["attachments"].array().at(0)["color"].text(), "danger");
}

TEST_F(SlackBot, AfterItsEndAKeyBeginsANewMessage) {
  deliver(trigger());
  deliver(resolve());
  deliver(trigger());
  EXPECT_EQ(client_.requests.size(), 4U);
  EXPECT_EQ(method(3), "chat.postMessage");
  EXPECT_TRUE(body(3)["thread_ts"].is_null());
}

TEST_F(SlackBot, ARepeatedResolveChangesTheSameMessageAgain) {
  deliver(trigger());
  deliver(resolve());
  deliver(resolve());
  EXPECT_EQ(method(3), "chat.update");
}

TEST_F(SlackBot, PostsAnewWhenTheMessageCannotBeChanged) {
  for (const char* error : {"message_not_found", "cant_update_message", "edit_window_closed"}) {
    remembered_ = R"({"channel":"C1","ts":"7.7","closed":false})";
    client_.requests.clear();
    say(error);
    EXPECT_TRUE(deliver(trigger()).delivered()) << error;
    ASSERT_EQ(client_.requests.size(), 2U);
    EXPECT_EQ(method(1), "chat.postMessage");
    EXPECT_TRUE(body(1)["thread_ts"].is_null());
    EXPECT_NE(remembered_.find("11.5"), std::string::npos) << error;
  }
}

TEST_F(SlackBot, ARefusedTextIsSentAsPlainText) {
  say("invalid_blocks");
  EXPECT_TRUE(deliver(trigger()).delivered());
  ASSERT_EQ(client_.requests.size(), 2U);
  EXPECT_TRUE(body(1)["attachments"].is_null());
  EXPECT_FALSE(body(1)["text"].text().empty());
  say("msg_too_long");
  say("msg_too_long");
  remembered_.clear();
  EXPECT_EQ(deliver(trigger()).kind, Verdict::Kind::payload_refused);
}

TEST_F(SlackBot, AFailureInTheThreadIsTriedAgain) {
  deliver(trigger());
  client_.answer(200, R"({"ok":true,"channel":"C1","ts":"11.5"})");
  client_.no_answer();
  EXPECT_EQ(deliver(resolve()).kind, Verdict::Kind::unreachable);
  EXPECT_TRUE(deliver(resolve()).delivered());
  EXPECT_EQ(method(client_.requests.size() - 1), "chat.postMessage");
}

TEST_F(SlackBot, JudgesTheErrorsOfTheWebApi) {
  struct Case {
    HttpResponse response;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  std::vector<Case> rows{{answer(429, "", {{"retry-after", "12"}}), Kind::rate_limited},
                         {answer(500), Kind::receiver_failed},
                         {answer(200, "<html>"), Kind::misconfigured},
                         {answer(404), Kind::misconfigured}};
  const auto word = [](const std::string& error) { return answer(200, R"({"ok":false,"error":")" + error + R"("})"); };
  for (const char* error : {"invalid_auth", "not_in_channel", "is_archived", "token_revoked", "missing_scope",
                            "channel_not_found", "account_inactive", "something_new"})
    rows.push_back({word(error), Kind::misconfigured});
  for (const char* error : {"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
    rows.push_back({word(error), Kind::receiver_failed});
  rows.push_back({word("ratelimited"), Kind::rate_limited});
  for (const Case& row : rows) {
    remembered_.clear();
    client_.script = {row.response};
    EXPECT_EQ(deliver(trigger()).kind, row.verdict) << row.response.status << row.response.body;
  }
  client_.script = {answer(429, "", {{"retry-after", "12"}})};
  EXPECT_EQ(deliver(trigger()).after, seconds(12));
}

TEST_F(SlackBot, ADamagedMemoryPostsANewMessage) {
  remembered_ = "{";
  EXPECT_TRUE(deliver(trigger()).delivered());
  EXPECT_EQ(method(0), "chat.postMessage");
}

TEST_F(SlackBot, TheTokenIsInNoVerdict) {
  client_.no_answer();
  EXPECT_EQ(deliver(trigger()).why.find("xoxb"), std::string::npos);
}

}  // namespace
}  // namespace pgvigil
