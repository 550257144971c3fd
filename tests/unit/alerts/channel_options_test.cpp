#include "alerts/channel_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/notifiers.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;

struct Decoded {
  std::vector<ChannelOptions> channels;
  std::vector<std::string> problems;
};

Decoded decode(const std::string& channels) {
  Problems problems;
  auto section = Section::parse("channels:\n" + channels, "c.yaml", problems);
  Decoded result;
  if (section) result.channels = decode_channels(*section, seconds(10));
  if (section) section->finish();
  result.problems = problems.lines();
  return result;
}

TEST(ChannelSections, OfEveryKindAreRead) {
  const Decoded all = decode(R"(
  - { name: ops, kind: slack, webhook_url: "https://hooks.slack.com/x" }
  - { name: ops-bot, kind: slack, token: xoxb, channel: C1 }
  - { name: pager, kind: pagerduty, routing_key: 0123456789abcdef0123456789abcdef, min_level: critical }
  - { name: am, kind: alertmanager, urls: ["https://am1", "https://am2"] }
  - { name: hook, kind: webhook, url: "http://localhost/x", allow_http: true, secret: "new old" }
  - { name: mail, kind: email, host: mail.example.org, from: a@example.org, to: [b@example.org] }
  - { name: listeners, kind: pg_notify }
)");
  EXPECT_THAT(all.problems, testing::IsEmpty());
  std::vector<std::string> names;
  std::vector<std::string> targets;
  for (const ChannelOptions& lane : all.channels) {
    names.push_back(lane.name);
    targets.push_back(lane.policy().target);
    EXPECT_NE(lane.notifier, nullptr);
  }
  EXPECT_THAT(names, testing::ElementsAre("ops", "ops-bot", "pager", "am-1", "am-2", "hook", "mail", "listeners"));
  EXPECT_THAT(targets, testing::ElementsAre("ops", "ops-bot", "pager", "am", "am", "hook", "mail", "listeners"));
  EXPECT_TRUE(all.channels[2].policy().level_in_key);
  EXPECT_EQ(all.channels[2].policy().form, ChannelPolicy::Form::per_alert);
  EXPECT_EQ(all.channels[2].policy().min_level, Level::critical);
  EXPECT_EQ(all.channels[3].policy().refresh_every, std::chrono::minutes(1));
  EXPECT_EQ(all.channels[6].policy().form, ChannelPolicy::Form::grouped);
}

TEST(ChannelSections, SayWhatIsWrongAndNeverShowASecret) {
  struct Case {
    std::string yaml;
    std::string problem;
  };
  for (const Case& row : std::vector<Case>{
           {"  - { name: a, kind: slack }", "webhook_url: or webhook_url_file: is missing"},
           {"  - { name: a, kind: slack, webhook_url: 'http://hunter2/x' }", "allow_http: true permits it"},
           {"  - { name: a, kind: slack, webhook_url: 'ftp://hunter2' }", "https://"},
           {"  - { name: a, kind: slack, token: hunter2 }", "channel"},
           {"  - { name: a, kind: pagerduty, routing_key: hunter2 }", "32 characters"},
           {"  - { name: a, kind: alertmanager, urls: [] }", "at least one"},
           {"  - { name: a, kind: webhook, url: 'https://x', secret: 'whsec_hunter2?' }", "base64"},
           {"  - { name: a, kind: email, host: h, from: a@b, to: 'x\\r\\nBcc: y@z' }", "user@host"},
           {"  - { name: a, kind: email, host: 'h/hunter2', from: a@b, to: c@d }", "mail server"},
           {"  - { name: a, kind: email, host: h, from: a@b, to: c@d, tls: none, user: u, password: hunter2 }",
            "read the password"},
           {"  - { name: a, kind: email, host: h, from: a@b, to: c@d, tls: maybe }", "starttls"},
           {"  - { name: a, kind: carrier-pigeon }", "pg_notify"},
           {"  - { name: A b, kind: pg_notify }", "lower-case"},
           {"  - { name: a, kind: pg_notify, colour: red }", "colour"},
           {"  - { name: a, kind: pg_notify }\n  - { name: a, kind: pg_notify }", "two channels"},
           {"  - { name: a, kind: alertmanager, urls: ['https://x', 'https://y'] }\n  - { name: a-2, kind: pg_notify }",
            "two channels"}}) {
    const Decoded wrong = decode(row.yaml);
    ASSERT_THAT(wrong.problems, testing::Not(testing::IsEmpty())) << row.yaml;
    EXPECT_THAT(wrong.problems.front(), HasSubstr(row.problem));
    for (const std::string& line : wrong.problems) EXPECT_THAT(line, testing::Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace pgvigil
