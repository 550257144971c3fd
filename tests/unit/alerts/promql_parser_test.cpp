#include <gtest/gtest.h>

#include <limits>

#include "alerts/promql/expression.h"

namespace pgvigil::promql {
namespace {

Expression parsed(std::string_view text) {
  auto result = Expression::parse(text);
  if (const auto* error = std::get_if<SyntaxError>(&result)) {
    ADD_FAILURE() << text << ": at " << error->offset << ": " << error->what;
    return {};
  }
  return std::get<Expression>(std::move(result));
}

SyntaxError refused(std::string_view text) {
  const auto result = Expression::parse(text);
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
  const Expression expression = parsed(selector);
  return std::get<VectorSelector>(expression.root().content).selector.accepts(family, {sample.label_values, 0});
}

// The tree with all its parentheses.
std::string grouped(const Node& node) {
  if (const auto* number = std::get_if<Number>(&node.content)) return std::to_string(static_cast<int>(number->value));
  if (const auto* selector = std::get_if<VectorSelector>(&node.content)) return selector->selector.metric;
  if (const auto* negation = std::get_if<Negation>(&node.content)) return "(-" + grouped(*negation->operand) + ")";
  const auto& binary = std::get<Binary>(node.content);
  return "(" + grouped(*binary.left) + " " + std::string(to_string(binary.op)) + " " + grouped(*binary.right) + ")";
}

TEST(PromqlParser, OperatorsBindAsInPrometheus) {
  const auto tree = [](std::string_view text) { return grouped(parsed(text).root()); };
  EXPECT_EQ(tree("a or b and c"), "(a or (b and c))");
  EXPECT_EQ(tree("a unless b and c"), "((a unless b) and c)");
  EXPECT_EQ(tree("a > 1 and b < 2"), "((a > 1) and (b < 2))");
  EXPECT_EQ(tree("a - b - c"), "((a - b) - c)");
  EXPECT_EQ(tree("a + b * c ^ d ^ e"), "(a + (b * (c ^ (d ^ e))))");
  EXPECT_EQ(tree("-a ^ 2"), "(-(a ^ 2))");
  EXPECT_EQ(tree("-a * b"), "((-a) * b)");
  EXPECT_EQ(tree("a ^ -b * c"), "((a ^ (-b)) * c)");
  EXPECT_EQ(tree("a == b != c"), "((a == b) != c)");
  EXPECT_EQ(tree("(a or b) AND c"), "((a or b) and c)");
  EXPECT_EQ(tree("+a"), "a");
  EXPECT_EQ(tree("- -3"), "3");
}

TEST(PromqlParser, MatchersMeanWhatTheyMeanInPrometheus) {
  EXPECT_TRUE(accepts(R"(m{datname="shop"})", {{"datname", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{datname="shop"})", {{"datname", "shop2"}}));
  EXPECT_TRUE(accepts(R"(m{datname!="shop",state='idle',})", {{"datname", "x"}, {"state", "idle"}}));
  EXPECT_FALSE(accepts(R"(m{datname!="shop", state="idle"})", {{"datname", "shop"}, {"state", "idle"}}));
  EXPECT_TRUE(accepts("m{datname=~`s.*|t`}", {{"datname", "shop"}}));
  EXPECT_TRUE(accepts(R"(m{datname!~"template\\d"})", {{"datname", "template01"}}));
  EXPECT_FALSE(accepts(R"(m{datname!~"template\\d"})", {{"datname", "template1"}}));
  EXPECT_EQ(parsed(R"({__name__="m", a="b"})").metrics(), std::set<std::string>{"m"});
}

TEST(PromqlParser, RegularExpressionsAreAnchoredAtBothEnds) {
  EXPECT_FALSE(accepts(R"(m{d=~"hop"})", {{"d", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"sho"})", {{"d", "shop"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"a|b"})", {{"d", "xb"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a|b"})", {{"d", "b"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"|b"})", {{"d", ""}}));
  EXPECT_TRUE(accepts(R"(m{d=~"pre.*"})", {{"d", "pre"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"pre.+"})", {{"d", "pre"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"pre.+"})", {{"d", "xpre1"}}));
}

TEST(PromqlParser, ALabelThatIsMissingIsEmpty) {
  EXPECT_TRUE(accepts(R"(m{d=""})", {{"e", "1"}}));
  EXPECT_TRUE(accepts(R"(m{d!="x"})", {}));
  EXPECT_TRUE(accepts(R"(m{d=~".*"})", {}));
  EXPECT_FALSE(accepts(R"(m{d=~".+"})", {}));
}

TEST(PromqlParser, ARegularExpressionSeesCharactersAndLineEnds) {
  EXPECT_TRUE(accepts(R"(m{d=~"Gr..e"})", {{"d", "Größe"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"Gr[öx][^a]e"})", {{"d", "Größe"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a.b"})", {{"d", "a\nb"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"[[:alpha:]_]+\\.x"})", {{"d", "ab_c.x"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a\\_b"})", {{"d", "a_b"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"[]a]+"})", {{"d", "]a]"}}));
  EXPECT_TRUE(accepts(R"(m{d=~"a{2,3}?b*?[*+]\\{"})", {{"d", "aab*{"}}));
  EXPECT_FALSE(accepts(R"(m{d=~"a{2,3}"})", {{"d", "aaaa"}}));
}

TEST(PromqlParser, AHostileRegularExpressionAndALongTextTakeNeitherTimeNorStack) {
  const std::string text(200'000, 'a');
  EXPECT_FALSE(accepts(R"(m{d=~"(a*)*b"})", {{"d", text}}));
  EXPECT_TRUE(accepts(R"(m{d=~".*"})", {{"d", text}}));
}

TEST(PromqlParser, AHostileExpressionTakesNoStack) {
  EXPECT_EQ(refused(std::string(5000, '(') + "1").what, "the expression is nested too deeply");
  EXPECT_EQ(refused(std::string(5000, '-') + "1").what, "the expression is nested too deeply");
  EXPECT_EQ(refused(std::string(10'000, ' ') + "1").what, "the expression is longer than 8192 bytes");
  std::string sum = "1";
  for (int i = 0; i < 4000; ++i) sum += "+1";
  parsed(sum);
}

TEST(PromqlParser, NotesWhatNeedsAHistory) {
  EXPECT_TRUE(parsed("a / b > 1").needs().empty());
  const Expression expression = parsed("rate(a{x='1'}[5m] offset 1m) > b offset 1h");
  EXPECT_EQ(expression.metrics(), (std::set<std::string>{"a", "b"}));
  ASSERT_EQ(expression.needs().size(), 2U);
  EXPECT_EQ(expression.needs()[0].span, std::chrono::minutes(6));
  EXPECT_FALSE(expression.needs()[0].coarse);
  EXPECT_EQ(expression.needs()[1].span, std::chrono::minutes(65));
  EXPECT_TRUE(expression.needs()[1].coarse);
  EXPECT_EQ(parsed("rate(a[1h30m15s])").needs()[0].span, seconds(5415));
  EXPECT_NE(parsed("rate(a[1h])").needs()[0].key, parsed("rate(a[5m])").needs()[0].key);
}

TEST(PromqlParser, NamesASubjectByTheLabelsThatAllSelectorsFix) {
  EXPECT_EQ(parsed(R"(a{x="1", y="2", z!="3"} / a{x="1", y="3"})").fixed_labels(), (Labels{{"x", "1"}}));
  EXPECT_EQ(parsed("vector(1)").fixed_labels(), Labels{});
}

TEST(PromqlParser, WhatIsWrongIsRefusedWithItsPlace) {
  struct Case {
    std::string text;
    std::size_t offset;
    std::string what;
  };
  for (const Case& row : std::vector<Case>{
           {"", 0, "expected an expression"},
           {"pg_up = 0", 6, "expected an operator or the end, not ="},
           {"x{a=b}", 4, "expected a quoted text"},
           {"x{a=\"b}", 4, "the quoted text has no end"},
           {"x{a=\"b\" c=\"d\"}", 8, "expected , or }"},
           {"x{a:b=\"c\"}", 2, "expected the name of a label"},
           {"x{a=\"\\q\"}", 5,
            "after a backslash n, t, r, the backslash and the quote are allowed; write \\\\ for a "
            "backslash"},
           {"{a=\"b\"}", 0, "a selector needs the name of a metric"},
           {"x{__name__=\"y\"}", 2, "the name of the metric is given twice"},
           {"{__name__=~\"y.*\"}", 1, "of the matchers for __name__ only = is supported"},
           {"x > 010", 4, "a number has no leading zero"},
           {"x > 5m", 4, "a number in an expression has no unit: thresholds take units, expressions do not"},
           {"x > 80%", 7, "the expression ends too early"},
           {"x @ 5", 2, "the modifier @ is not supported"},
           {"x $ 5", 2, "the character '$' has no meaning here"},
           {"1 == 1", 2, "a comparison of two numbers needs the modifier bool"},
           {"x + bool 1", 4, "bool belongs to comparisons only"},
           {"1 and x", 2, "and takes two instant vectors"},
           {"x + on(a) 1", 2, "on and ignoring belong between two instant vectors"},
           {"x and on(a) group_left() y", 2, "and takes no group_left or group_right"},
           {"x * on(a) group_left(a) y", 10, "the label a stands in on and in the grouping"},
           {"x atan2 y", 2, "the operator atan2 is not supported"},
           {"rate(x)", 5, "rate takes a range vector here, not an instant vector"},
           {"x[5m]", 0, "a range vector is no result; a function must read it"},
           {"x[5m] > 1", 0, "> takes numbers and instant vectors, not a range vector"},
           {"-x[5m]", 0, "a sign belongs to a number or an instant vector, not to a range vector"},
           {"\"text\"", 0, "a text is no result"},
           {"sum(x[5m])", 4, "an aggregation takes an instant vector here, not a range vector"},
           {"sum(1)", 4, "an aggregation takes an instant vector here, not a number"},
           {"topk(x, y)", 5, "an aggregation takes a number here, not an instant vector"},
           {"topk(x)", 0, "topk takes a number and a vector"},
           {"sum(x, y)", 0, "sum takes one vector"},
           {"sum by (a (x)", 10, "expected , or )"},
           {"abs()", 0, "abs takes 1 argument, not 0"},
           {"round(x, 1, 2)", 0, "round takes 1 to 2 arguments, not 3"},
           {"label_join(x)", 0, "label_join takes at least 3 arguments, not 1"},
           {"abs(x,)", 6, "an argument is missing"},
           {"abs(x", 5, "expected ,"},
           {"clamp(x, y, 1)", 9, "clamp takes a number here, not an instant vector"},
           {"label_replace(x, \"1\", \"\", \"\", \"\")", 17, "not the name of a label"},
           {"label_replace(x, \"__name__\", \"\", \"\", \"\")", 17, "the name of a metric cannot be made"},
           {"label_replace(x, \"a\", \"\", \"b\", \"(\")", 31, "not a regular expression that is supported: "},
           {"label_replace(x, \"a\", y, \"b\", \"c\")", 22, "label_replace takes a text here, not an instant vector"},
           {"histogram_quantile(0.9, x)", 0, "the function histogram_quantile is not supported"},
           {"rat(x[5m])", 0, "the function rat is not supported; did you mean rate?"},
           {"stddev(x)", 0, "the function stddev is not supported"},
           {"count_values(\"a\", x)", 0, "the function count_values is not supported"},
           {"x[5m:1m]", 4, "subqueries are not supported"},
           {"rate(x[5m])[1h]", 11, "a range belongs to a selector; subqueries are not supported"},
           {"(x)[5m]", 3, "a range belongs to a selector; subqueries are not supported"},
           {"rate(x offset 1m [5m])", 17, "expected ,"},
           {"rate(x[5])", 7, "expected a duration such as 5m or 1h30m"},
           {"rate(x[30m1h])", 7, "not a duration; it is written like 5m or 1h30m, in y, w, d, h, m, s and ms"},
           {"rate(x[5q])", 7, "not a duration; it is written like 5m or 1h30m, in y, w, d, h, m, s and ms"},
           {"rate(x[0s])", 7, "a duration is greater than 0"},
           {"rate(x[1y])", 6, "a range is at most 30d"},
           {"sum(x) offset 5m", 7, "offset belongs to a selector"},
           {"x offset 5m offset 5m", 12, "offset is given twice"},
           {"x offset 99d", 2, "an offset is at most 30d"},
           {"(x", 2, "expected )"},
           {"x)", 1, "expected an operator or the end, not )"},
       }) {
    const SyntaxError error = refused(row.text);
    EXPECT_EQ(error.offset, row.offset) << row.text;
    EXPECT_EQ(error.what.substr(0, row.what.size()), row.what) << row.text;
  }
}

TEST(PromqlParser, RegularExpressionsThatRe2ReadsDifferentlyAreRefused) {
  for (const auto* pattern : {"(?i)x", "(?=x)", "\\\\1", "\\\\pL", "a\\\\", "[a", "(a", "a**", "a+{2}", "a{1000}",
                              "a{,2}", "{", "[z-a]", "(?P<n>x)", "\\\\x41"}) {
    refused(std::string("m{d=~\"") + pattern + "\"}");
  }
}

}  // namespace
}  // namespace pgvigil::promql
