#include "alerts/lifecycle_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgvigil {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::IsEmpty;

struct Decoded {
  LifecyclePolicy policy;
  milliseconds hold_for{0};
  std::vector<std::string> problems;
};

Decoded decode(const std::string& yaml) {
  Problems problems;
  auto section = Section::parse(yaml, "rule.yaml", problems);
  Decoded result;
  result.policy = decode_lifecycle(*section);
  result.hold_for = decode_hold_for(*section, result.policy);
  section->finish();
  result.problems = problems.lines();
  return result;
}

TEST(LifecycleOptions, ARuleThatSaysNothingHasDefaults) {
  const auto [policy, hold_for, problems] = decode("");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(policy.no_data, NoData::keep);
  EXPECT_EQ(policy.clear_for, milliseconds(0));
  EXPECT_EQ(hold_for, milliseconds(0));
  EXPECT_FALSE(policy.event);
  EXPECT_FALSE(policy.m_of_n);
  EXPECT_EQ(policy.flapping, (FlappingPolicy{4, hours(1)}));
}

TEST(LifecycleOptions, AConditionSaysAllOfItsTimes) {
  const auto [policy, hold_for, problems] = decode(
      "for: 5m\nclear_for: 2m\nno_data: fire\nno_data_for: 3m\nm_of_n: 3/5\nflapping: { cycles: 6, window: 30m }");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(hold_for, minutes(5));
  EXPECT_EQ(policy.clear_for, minutes(2));
  EXPECT_EQ(policy.no_data, NoData::fire);
  EXPECT_EQ(policy.no_data_for, minutes(3));
  EXPECT_EQ(policy.m_of_n, (MOfN{3, 5}));
  EXPECT_EQ(policy.flapping, (FlappingPolicy{6, minutes(30)}));
}

TEST(LifecycleOptions, FlappingCanBeSwitchedOff) {
  EXPECT_EQ(decode("flapping: off").policy.flapping.cycles, 0);
}

TEST(LifecycleOptions, AnEventHasATimeAfterWhichItEnds) {
  const auto [policy, hold_for, problems] = decode("type: event\nresolve_after: 10m");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_TRUE(policy.event);
  EXPECT_EQ(policy.resolve_after, minutes(10));
  EXPECT_EQ(decode("type: event").policy.resolve_after, hours(1));
}

TEST(LifecycleOptions, WhatIsWrongIsSaidAtItsPlace) {
  struct Case {
    const char* yaml;
    const char* said;
  };
  for (const auto& [yaml, said] :
       std::vector<Case>{{"type: state", "rule.yaml:1:7: type is 'state'; allowed is condition, event"},
                         {"m_of_n: 5/3", "rule.yaml:1:9: m_of_n is two numbers such as 3/5"},
                         {"m_of_n: 0/3", "m_of_n is two numbers"},
                         {"m_of_n: 3", "m_of_n is two numbers"},
                         {"m_of_n: 3/", "m_of_n is two numbers"},
                         {"m_of_n: /3", "m_of_n is two numbers"},
                         {"m_of_n: +3/5", "m_of_n is two numbers"},
                         {"m_of_n: 3/65", "the second is at most 64"},
                         {"resolve_after: 1h", "resolve_after belongs to type: event"},
                         {"type: event\nfor: 5m", "rule.yaml:2:6: for: an event opens when it is seen once"},
                         {"type: event\nclear_for: 5m", "clear_for: an event opens"},
                         {"type: event\nm_of_n: 1/2", "m_of_n: an event opens"},
                         {"type: event\nflapping: off", "flapping: an event opens"},
                         {"type: event\nresolve_after: 0s", "resolve_after"},
                         {"no_data_for: 5m", "no_data_for says nothing with no_data: keep"},
                         {"no_data: ok\nno_data_for: 0s", "no_data_for"},
                         {"no_data: maybe", "allowed is keep, fire, ok"},
                         {"flapping: never", "flapping is { cycles: 4, window: 1h }, or off"},
                         {"flapping: { cycles: 1 }", "cycles"},
                         {"flapping: { cycle: 5 }", "cycle"},
                         {"for: 40d", "for"}}) {
    const auto problems = decode(yaml).problems;
    ASSERT_EQ(problems.size(), 1U) << yaml << ": " << testing::PrintToString(problems);
    EXPECT_THAT(problems.front(), HasSubstr(said)) << yaml;
  }
}

}  // namespace
}  // namespace pgvigil
