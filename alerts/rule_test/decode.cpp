#include <fmt/format.h>

#include <algorithm>

#include "alerts/rule_test/rule_test.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// A series as a selector that leaves nothing open.
bool decode_series(const YamlValue& value, RuleTest::Input& input) {
  const auto text = value.text();
  if (!text) return false;
  const auto parsed = promql::Expression::parse(*text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    value.fail(fmt::format("at character {}: {}", error->offset + 1, error->what));
    return false;
  }
  const auto* selector = std::get_if<promql::VectorSelector>(&std::get<promql::Expression>(parsed).root().content);
  const auto fixed = [](const LabelMatcher& matcher) { return matcher.kind == LabelMatcher::Kind::equal; };
  if (selector == nullptr ||
      !std::all_of(selector->selector.matchers.begin(), selector->selector.matchers.end(), fixed)) {
    value.fail("a series is expected, such as pg_disk_free_bytes{mount=\"/\"}");
    return false;
  }
  input.metric = selector->selector.metric;
  for (const LabelMatcher& matcher : selector->selector.matchers) input.labels[matcher.label] = matcher.value;
  return true;
}

void decode_input(Section& entry, RuleTest& test) {
  RuleTest::Input input;
  const auto series = entry.require("series");
  const auto values = entry.require("values");
  entry.finish();
  if (!series || !values || !decode_series(*series, input)) return;
  const auto text = values->text();
  if (!text) return;
  auto parsed = parse_series_values(*text);
  if (const auto* problem = std::get_if<std::string>(&parsed)) {
    values->fail(*problem);
  } else {
    input.steps = std::get<std::vector<SeriesStep>>(std::move(parsed));
    test.input.push_back(std::move(input));
  }
}

void decode_summary(Section& entry, RuleTest::Expectation& expectation) {
  const auto value = entry.value("summary~");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return;
  try {
    expectation.summary.emplace(*text, std::regex(*text));
  } catch (const std::regex_error&) {
    value->fail("no regular expression");
  }
}

RuleTest::State state_named(const std::string& name) {
  if (name == "firing") return RuleTest::State::firing;
  return name == "pending" ? RuleTest::State::pending : RuleTest::State::ok;
}

void decode_expectation(Section& entry, RuleTest& test) {
  constexpr milliseconds longest = std::chrono::hours(24 * 90);
  RuleTest::Expectation expectation;
  expectation.where = entry.where();
  expectation.restart = entry.has("restart_at");
  const char* when = expectation.restart ? "restart_at" : "at";
  entry.require(when);
  expectation.at = entry.duration(when, milliseconds(0), milliseconds(0), longest);
  if (!expectation.restart) {
    entry.require("state");
    expectation.state = state_named(entry.choice("state", "ok", {"ok", "pending", "firing"}));
    if (entry.has("level")) {
      expectation.level = parse_level(entry.choice("level", "warning", {"warning", "critical"}));
    }
    if (auto labels = entry.section("labels")) {
      for (const auto& [name, value] : labels->members()) expectation.labels[name] = value.text().value_or("");
    }
    expectation.exact = entry.boolean("exact", false);
    for (const std::string& flag : entry.texts("flags")) expectation.flags.insert(flag);
    decode_summary(entry, expectation);
  }
  entry.finish();
  test.expect.push_back(std::move(expectation));
}

void decode_messages(Section& entry, RuleTest& test) {
  RuleTest::Messages messages{entry.where(), entry.require_text("to"), {}};
  entry.require("kinds");
  messages.kinds = entry.texts("kinds");
  entry.finish();
  test.messages.push_back(std::move(messages));
}

RuleTest decode_test(Section& entry, const std::vector<Rule>& rules) {
  RuleTest test;
  test.where = entry.where();
  test.rule = entry.require_text("rule");
  test.name = entry.text("name", test.rule);
  test.interval = entry.duration("interval", test.interval, milliseconds(1000), std::chrono::hours(24));
  test.start = WallTime(seconds(entry.integer("start", 0, 0, 1LL << 40)));
  for (Section& input : entry.sections("input")) decode_input(input, test);
  for (Section& expectation : entry.sections("expect")) decode_expectation(expectation, test);
  for (Section& messages : entry.sections("notifications")) decode_messages(messages, test);
  entry.finish();
  std::stable_sort(test.expect.begin(), test.expect.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  const bool known = std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == test.rule; });
  if (!test.rule.empty() && !known) entry.fail(fmt::format("there is no rule {}", test.rule));
  return test;
}

}  // namespace

std::vector<RuleTest> decode_rule_tests(Section& root, const std::vector<Rule>& rules) {
  std::vector<RuleTest> tests;
  for (Section& entry : root.sections("tests")) tests.push_back(decode_test(entry, rules));
  return tests;
}

}  // namespace pgvigil
