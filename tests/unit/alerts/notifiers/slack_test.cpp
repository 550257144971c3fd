#include "alerts/notifiers/slack.h"

#include <gtest/gtest.h>

#include "alerts/notifiers/slack_text.h"
#include "core/json.h"
#include "tests/unit/alerts/messages.h"

namespace pgvigil {
namespace {

SlackNotifier slack() {
  return SlackNotifier(Secret("https://hooks.slack.com/services/T/B/secret"));
}

Json body_of(const Letter& letter) {
  return Json::parse(slack().render({&letter, 1}).body);
}
Json body_of(const Notification& notification) {
  return body_of(letter(notification));
}

TEST(Slack, ATriggerHasALineOfTextAndAColouredAttachment) {
  const Json body = body_of(trigger());
  EXPECT_EQ(body["text"].text(), "WARNING on db1: shop: idle for 5m12s");
  const Json& attachment = body["attachments"].array().at(0);
  EXPECT_EQ(attachment["color"].text(), "warning");
  EXPECT_EQ(attachment["text"].text(), "It holds locks.\nWhat to do: End it.");
  EXPECT_EQ(attachment["ts"].integer(), 1772366400);
}

TEST(Slack, AChangeOfLevelNamesTheOldOne) {
  Notification escalation = trigger();
  escalation.level = escalation.alerts.front().level = Level::critical;
  escalation.alerts.front().previous = Level::warning;
  const Json body = body_of(escalation);
  EXPECT_EQ(body["text"].text(), "CRITICAL (was warning) on db1: shop: idle for 5m12s");
  EXPECT_EQ(body["attachments"].array().at(0)["color"].text(), "danger");
}

TEST(Slack, AReminderSaysForHowLong) {
  Notification reminder = trigger();
  reminder.repeat = true;
  reminder.at = noon + std::chrono::hours(4);
  EXPECT_EQ(body_of(reminder)["text"].text(), "STILL WARNING after 4h5m on db1: shop: idle for 5m12s");
}

TEST(Slack, AResolveSaysHowLongItLastedAndWhyItEnded) {
  const Json body = body_of(resolve());
  EXPECT_EQ(body["text"].text(), "RESOLVED on db1 after 7m (back to normal): shop: idle for 5m12s");
  EXPECT_EQ(body["attachments"].array().at(0)["color"].text(), "good");
  Notification gone = resolve();
  gone.alerts.front().reason = Reason::subject_gone;
  EXPECT_NE(body_of(gone)["text"].text().find("it no longer exists"), std::string::npos);
}

TEST(Slack, ALateResolveTellsTheWholeStory) {
  Letter late = letter(resolve());
  late.late = true;
  EXPECT_EQ(body_of(late)["text"].text(),
            "RESOLVED on db1: fired 11:55 UTC, resolved 12:02 UTC (delivered late): shop: idle for 5m12s");
}

TEST(Slack, AStormIsOneMessageThatCanBeRead) {
  Notification many = storm(100);
  many.more_firing = 900;
  const Json body = body_of(many);
  EXPECT_EQ(body["text"].text(), "50 CRITICAL, 50 WARNING, 900 more on db1: rule-0, rule-1, rule-2 and 97 others");
  const std::string text = body["attachments"].array().at(0)["text"].text();
  EXPECT_EQ(text.substr(0, text.find('\n')), "CRITICAL rule-0: shop: idle for 5m12s");
  EXPECT_NE(text.find("more that fire"), std::string::npos);
  EXPECT_LT(body.dump().size(), 10'000U);
}

TEST(Slack, NamesFromTheDatabaseCannotPingPeopleOrBeCode) {
  const std::string body = slack().render(std::vector{letter(filled_with("<!channel> & <@U123> ```"))}).body;
  EXPECT_EQ(body.find('<'), std::string::npos);
  EXPECT_EQ(body.find('`'), std::string::npos);
  EXPECT_NE(body.find("&lt;!channel&gt; &amp; &lt;@U123&gt;"), std::string::npos);
}

TEST(Slack, AnEscapeIsNeverCutInTwo) {
  const std::string hostile(100, '&');
  for (std::size_t limit = 10; limit < 40; ++limit) {
    const std::string text = slack_text(hostile, limit);
    EXPECT_LE(text.size(), limit + 3);
    const auto last = text.rfind('&');
    EXPECT_EQ(text.substr(last, 5), "&amp;") << text;
  }
  EXPECT_EQ(slack_text("a<b", 100), "a&lt;b");
}

TEST(Slack, AHugeMessageStaysBelowSlacksLimit) {
  for (const char filling : {'<', '&', 'x'}) {
    const Letter huge = letter(filled_with(std::string(20'000, filling)));
    EXPECT_LT(slack().render({&huge, 1}).body.size(), 10'000U) << filling;
    EXPECT_LT(slack().render_minimal(huge).body.size(), 3'100U);
  }
}

TEST(Slack, TextThatIsNotUtf8StaysValidJson) {
  EXPECT_NO_THROW(body_of(filled_with("\xff\xfe" + std::string(999, '\xc3'))));
}

TEST(Slack, JudgesEveryAnswerOfItsDocumentation) {
  struct Case {
    HttpResponse response;
    Verdict::Kind verdict;
  };
  using Kind = Verdict::Kind;
  std::vector<Case> rows{
      {answer(200, "ok"), Kind::delivered},
      {answer(200, "ok\n"), Kind::delivered},
      {answer(200, ""), Kind::delivered},
      {answer(200, "<html>welcome</html>"), Kind::misconfigured},
      {answer(200, R"({"ok":false,"error":"channel_not_found"})"), Kind::misconfigured},
      {answer(200, R"({"ok":false,"error":"msg_too_long"})"), Kind::payload_refused},
      {answer(302), Kind::misconfigured},
      {answer(429, R"({"ok":false,"error":"rate_limited"})"), Kind::rate_limited},
      {answer(408), Kind::receiver_failed},
      {answer(500, "rollup_error"), Kind::receiver_failed},
      {answer(502, "<html>"), Kind::receiver_failed},
  };
  for (const char* word : {"invalid_payload", "invalid_blocks", "no_text", "too_many_attachments"})
    rows.push_back({answer(400, word), Kind::payload_refused});
  for (const char* word : {"user_not_found", "posting_to_general_channel_denied"})
    rows.push_back({answer(400, word), Kind::misconfigured});
  for (const char* word : {"action_prohibited", "invalid_token"})
    rows.push_back({answer(403, word), Kind::misconfigured});
  for (const char* word :
       {"channel_not_found", "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled"})
    rows.push_back({answer(404, word), Kind::misconfigured});
  rows.push_back({answer(410, "channel_is_archived"), Kind::misconfigured});
  for (const Case& row : rows) {
    EXPECT_EQ(slack().judge(row.response).kind, row.verdict) << row.response.status << " " << row.response.body;
  }
}

TEST(Slack, WaitsAsLongAsItIsTold) {
  EXPECT_EQ(slack().judge(answer(429, "", {{"retry-after", "30"}})).after, seconds(30));
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":7,"ok":false,"error":"rate_limited"})")).after, seconds(7));
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":7})", {{"retry-after", "30"}})).after, seconds(30));
  EXPECT_EQ(slack().judge(answer(429, "", {{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}})).after, std::nullopt);
  EXPECT_EQ(slack().judge(answer(429, R"({"retry_after":-5})")).after, seconds(0));
}

TEST(Slack, RepeatsNoMoreThanAnErrorWordOfTheAnswer) {
  EXPECT_EQ(slack().judge(answer(404, "no_service")).why, "Slack answered 404 no_service");
  EXPECT_EQ(slack().judge(answer(404, "No such page /services/T/B/secret")).why, "Slack answered 404");
}

}  // namespace
}  // namespace pgvigil
