#include "alerts/routing/routing_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

struct Decoded {
  RoutingOptions options;
  Lines problems;
};

Decoded decode(const std::string& yaml) {
  Problems problems;
  Decoded result;
  auto section = Section::parse(yaml, "f.yaml", problems);
  if (section) {
    result.options = decode_routing(*section, {"chat", "mail", "pager"});
    section->finish();
  }
  result.problems = problems.lines();
  return result;
}

Labels labels(const std::string& severity) {
  return {{"rule", "disk"}, {"severity", severity}, {"team", "dba"}};
}

TEST(RoutingOptions, ReadsTheWholeForm) {
  const Decoded decoded = decode(R"(
routes:
  - match: 'severity="critical", team=~"dba|app"'
    to: [pager, chat]
    fallback: [mail]
    group_by: [rule, team]
    wait: 10s
    repeat: 1h
    mute: [weekends]
    continue: true
  - { to: mail }
group: { by: [...], wait: 5s, digest_after: 7 }
mute_times:
  - { name: weekends, days: [sat, sun], from: "18:00", to: "08:00", timezone: Europe/Berlin }
inhibit:
  - { if: 'rule="pg-down"', mute: 'rule!="pg-down"', equal: [instance] }
)");
  EXPECT_EQ(decoded.problems, Lines{});
  const Route& first = decoded.options.routes.at(0);
  EXPECT_EQ(first.to, (Lines{"pager", "chat"}));
  EXPECT_EQ(first.fallback, Lines{"mail"});
  EXPECT_EQ(first.group_by.labels, (Lines{"rule", "team"}));
  EXPECT_EQ(first.wait, 10s);
  EXPECT_EQ(first.repeat, 1h);
  EXPECT_TRUE(first.proceed);
  const Labels critical = labels("critical");
  const Labels warning = labels("warning");
  EXPECT_TRUE(first.match.accept(RoutingLabels(critical)));
  EXPECT_FALSE(first.match.accept(RoutingLabels(warning)));
  const Route& second = decoded.options.routes.at(1);
  EXPECT_TRUE(second.group_by.each_alone) << "what group: says holds where a route says nothing";
  EXPECT_EQ(second.wait, 5s);
  EXPECT_EQ(second.repeat, 4h);
  EXPECT_EQ(decoded.options.digest_after, 7U);
}

TEST(RoutingOptions, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string yaml, problem;
  };
  for (const Case& row : std::vector<Case>{
           {"routes: [{ to: chta }]", "f.yaml:1:16: there is no channel chta; did you mean chat?"},
           {"routes: [{ to: chat, fallback: [nobody] }]", "f.yaml:1:32: there is no channel nobody"},
           {"routes: [{ match: 'a=\"b\"' }]", "f.yaml:1:10: to is missing"},
           {"routes: [{ to: chat, match: 'a' }]",
            "f.yaml:1:29: match, at character 2: =, !=, =~ or !~ is expected after the name of a label"},
           {"routes: [{ to: chat, match: 'a=\"b\" c=\"d\"' }]",
            "f.yaml:1:29: match, at character 7: a comma is expected between two matchers"},
           {"routes: [{ to: chat, match: 'a=\"b' }]",
            "f.yaml:1:29: match, at character 5: the text in quotes does not end"},
           {"routes: [{ to: chat, match: 'a=b' }]", "f.yaml:1:29: match, at character 3: a text in quotes is expected"},
           {"routes: [{ to: chat, mute: night }]", "f.yaml:1:28: there is no mute time night"},
           {"routes: [{ to: chat, group_by: [..., rule] }]",
            "f.yaml:1:32: ... stands alone: every alert has its own message"},
           {"mute_times: [{ name: n, days: [son] }]",
            "f.yaml:1:31: 'son' is no day; allowed are sun, mon, tue, wed, thu, fri, sat"},
           {"mute_times: [{ name: n, from: '25:00' }]", "f.yaml:1:31: '25:00' is no time of day such as \"08:00\""},
           {"mute_times: [{ name: n, timezone: Mars/North }]",
            "f.yaml:1:35: 'Mars/North' is not an IANA time zone such as UTC or Europe/Berlin"},
           {"mute_times: [{ name: n }, { name: n }]", "f.yaml:1:27: two mute times have the name n"},
           {"inhibit: [{ if: 'a=\"b\"' }]", "f.yaml:1:11: mute is missing"},
       }) {
    EXPECT_EQ(decode(row.yaml).problems, Lines{row.problem}) << row.yaml;
  }
}

TEST(RoutingOptions, RefusesAPatternThatIsNone) {
  EXPECT_EQ(decode("routes: [{ to: chat, match: 'a=~\"(\"' }]").problems.size(), 1U);
}

TEST(Matchers, TakeALabelThatIsMissingForEmpty) {
  std::string why;
  const Labels alert{{"rule", "disk"}, {"severity", "warning"}, {"name", "it's \"a\""}};
  const auto accepts = [&](const std::string& text) {
    const auto matchers = Matchers::parse(text, why);
    return matchers && matchers->accept(RoutingLabels(alert));
  };
  EXPECT_TRUE(accepts(""));
  EXPECT_TRUE(accepts("team=\"\""));
  EXPECT_TRUE(accepts("team!=\"dba\""));
  EXPECT_FALSE(accepts("team=~\".+\""));
  EXPECT_TRUE(accepts(R"(rule = 'disk' , name="it's \"a\"",)"));
  EXPECT_FALSE(accepts("rule=~\"dis\"")) << "patterns are anchored";
  EXPECT_TRUE(accepts("rule!~\"dis\""));
}

}  // namespace
}  // namespace pgvigil
