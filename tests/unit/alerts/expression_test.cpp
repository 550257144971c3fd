#include "alerts/expression.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgvigil {
namespace {

Expression parsed(std::string_view text) {
  auto result = parse_expression(text);
  if (const auto* error = std::get_if<SyntaxError>(&result)) {
    ADD_FAILURE() << text << ": at " << error->offset << ": " << error->what;
    return {};
  }
  return std::get<Expression>(std::move(result));
}

SyntaxError refused(std::string_view text) {
  const auto result = parse_expression(text);
  const auto* error = std::get_if<SyntaxError>(&result);
  if (error == nullptr) ADD_FAILURE() << text << " was accepted";
  return error == nullptr ? SyntaxError{} : *error;
}

bool accepts(std::string_view selector, const std::vector<std::pair<std::string, std::string>>& labels) {
  Family family;
  Sample sample;
  for (const auto& [name, value] : labels) {
    family.label_names.push_back(name);
    sample.label_values.push_back(value);
  }
  return parsed(selector).selector.accepts(family, {sample.label_values, sample.value});
}

TEST(Expression, TakesASelectorAlone) {
  const Expression expression = parsed("pg_up");
  EXPECT_EQ(expression.selector.metric, "pg_up");
  EXPECT_TRUE(expression.selector.matchers.empty());
  EXPECT_FALSE(expression.comparison.has_value());
}

TEST(Expression, TakesOneComparisonWithANumber) {
  EXPECT_EQ(parsed("pg_up == 0").comparison, Comparison::equal);
  EXPECT_EQ(parsed("a:b:c{x=\"y\"} != 1").comparison, Comparison::not_equal);
  EXPECT_EQ(parsed("m<=1.5e3").bound, 1500);
  EXPECT_EQ(parsed("m >= -2").bound, -2);
  EXPECT_EQ(parsed("m < .5").bound, 0.5);
  EXPECT_EQ(parsed("m > +Inf").bound, std::numeric_limits<double>::infinity());
  EXPECT_EQ(parsed(" m\n> 1 # a comment").bound, 1);
}

TEST(Expression, MatchersMeanWhatTheyMeanInPrometheus) {
  EXPECT_TRUE(accepts(R"(m{datname="shop"})", {{"datname", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{datname="shop"})", {{"datname", "shop2"}}));
  EXPECT_TRUE(accepts(R"(m{datname!="shop",state='idle',})", {{"datname", "x"}, {"state", "idle"}}));
  EXPECT_FALSE(accepts(R"(m{datname!="shop", state="idle"})", {{"datname", "shop"}, {"state", "idle"}}));
  EXPECT_TRUE(accepts("m{datname=~`s.*|t`}", {{"datname", "shop"}}));
  EXPECT_TRUE(accepts(R"(m{datname!~"template\\d"})", {{"datname", "template01"}}));
  EXPECT_FALSE(accepts(R"(m{datname!~"template\\d"})", {{"datname", "template1"}}));
}

TEST(Expression, RegularExpressionsAreAnchoredAtBothEnds) {
  EXPECT_FALSE(accepts(R"(m{d=~"hop"})", {{"d", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"sho"})", {{"d", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"a|b"})", {{"d", "xb"}}));
}

TEST(Expression, ALabelThatIsMissingIsEmpty) {
  EXPECT_TRUE(accepts(R"(m{d=""})", {{"e", "1"}}));
  EXPECT_TRUE(accepts(R"(m{d!="x"})", {}));
  EXPECT_TRUE(accepts(R"(m{d=~".*"})", {}));
  EXPECT_FALSE(accepts(R"(m{d=~".+"})", {}));
}

TEST(Expression, ARegularExpressionSeesCharactersAndLineEnds) {
  EXPECT_TRUE(accepts(R"(m{d=~"Gr..e"})", {{"d", "Größe"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"Gr[öx][^a]e"})", {{"d", "Größe"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a.b"})", {{"d", "a\nb"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"[[:alpha:]_]+\\.x"})", {{"d", "ab_c.x"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a\\_b"})", {{"d", "a_b"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"[]a]+"})", {{"d", "]a]"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a{2,3}?b*?[*+]\\{"})", {{"d", "aab*{"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"a{2,3}"})", {{"d", "aaaa"}}));
}

TEST(Expression, AHostileRegularExpressionAndALongTextTakeNeitherTimeNorStack) {
  const std::string text(200'000, 'a');
  EXPECT_FALSE(accepts(R"(m{d=~"(a*)*b"})", {{"d", text}}));
  EXPECT_TRUE(accepts(R"(m{d=~".*"})", {{"d", text}}));
}

TEST(Expression, WhatIsNotSupportedIsRefusedWithItsPlace) {
  EXPECT_EQ(refused("pg_up = 0").offset, 6U);
  EXPECT_EQ(refused("").offset, 0U);
  EXPECT_EQ(refused("pg_up == 0 and pg_x == 1").offset, 11U);
  EXPECT_EQ(refused("rate(x[5m]) > 1").what, "functions are not supported (rate)");
  EXPECT_EQ(refused("x[5m]").what, "ranges are not supported");
  EXPECT_EQ(refused("x > bool 1").offset, 4U);
  EXPECT_EQ(refused("x{a=b}").offset, 4U);
  EXPECT_EQ(refused("x{a=\"b}").offset, 4U);
  EXPECT_EQ(refused("x{a=\"b\" c=\"d\"}").what, "expected , or }");
  EXPECT_EQ(refused("x{__name__=\"y\"}").offset, 2U);
  EXPECT_EQ(refused("{a=\"b\"}").what, "expected the name of a metric");
  EXPECT_EQ(refused("0 == pg_up").offset, 0U);
  EXPECT_EQ(refused("x > y").what, "expected a number");
  EXPECT_EQ(refused("x > 010").what, "a number has no leading zero");
  EXPECT_EQ(refused("x > NaN").what, "expected a number");
  EXPECT_NE(refused("x > 5m").what.find("unit"), std::string::npos);
  EXPECT_NE(refused("x > 80%").what.find("unit"), std::string::npos);
  EXPECT_EQ(refused("x{a:b=\"c\"}").offset, 3U);
}

TEST(Expression, RegularExpressionsThatRe2ReadsDifferentlyAreRefused) {
  for (const auto* pattern : {"(?i)x", "(?=x)", "\\\\1", "\\\\pL", "a\\\\", "[a", "(a", "a**", "a+{2}", "a{1000}",
                              "a{,2}", "{", "[z-a]", "(?P<n>x)", "\\\\x41"}) {
    refused(std::string("m{d=~\"") + pattern + "\"}");
  }
}

TEST(Compare, ANumberThatIsNoneIsUnknown) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(compare(nan, Comparison::equal, 0), Truth::unknown);
  EXPECT_EQ(compare(nan, Comparison::not_equal, 0), Truth::unknown);
}

TEST(Compare, DecidesEveryComparisonAtItsBoundary) {
  struct Case {
    Comparison comparison;
    Truth below, at, above;
  };
  constexpr auto no = Truth::no;
  constexpr auto yes = Truth::yes;
  for (const Case& row : {Case{Comparison::equal, no, yes, no}, Case{Comparison::not_equal, yes, no, yes},
                          Case{Comparison::less, yes, no, no}, Case{Comparison::less_equal, yes, yes, no},
                          Case{Comparison::greater, no, no, yes}, Case{Comparison::greater_equal, no, yes, yes}}) {
    EXPECT_EQ(compare(4, row.comparison, 5), row.below) << to_string(row.comparison);
    EXPECT_EQ(compare(5, row.comparison, 5), row.at) << to_string(row.comparison);
    EXPECT_EQ(compare(6, row.comparison, 5), row.above) << to_string(row.comparison);
  }
}

}  // namespace
}  // namespace pgvigil
