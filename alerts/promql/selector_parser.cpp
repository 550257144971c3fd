#include "alerts/promql/selector_parser.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pgvigil::promql {

namespace {

constexpr milliseconds longest_range = std::chrono::hours(24 * 30);

constexpr std::array<std::pair<std::string_view, LabelMatcher::Kind>, 4> matcher_kinds{
    {{"=~", LabelMatcher::Kind::matches},
     {"!~", LabelMatcher::Kind::not_matches},
     {"!=", LabelMatcher::Kind::not_equal},
     {"=", LabelMatcher::Kind::equal}}};

void set_name(Selector& selector, const LabelMatcher& matcher, std::size_t offset) {
  if (matcher.kind != LabelMatcher::Kind::equal) fail(offset, "of the matchers for __name__ only = is supported");
  if (!selector.metric.empty()) fail(offset, "the name of the metric is given twice");
  selector.metric = matcher.value;
}

void add_matcher(TokenCursor& tokens, Selector& selector) {
  const std::size_t start = tokens.peek().offset;
  LabelMatcher matcher;
  matcher.label = tokens.label_name();
  const Token& symbol = tokens.peek();
  const auto* const kind = std::find_if(matcher_kinds.begin(), matcher_kinds.end(), [&](const auto& one) {
    return symbol.kind == Token::Kind::symbol && one.first == symbol.written;
  });
  if (kind == matcher_kinds.end()) tokens.fail_here("expected = != =~ or !~");
  matcher.kind = kind->second;
  tokens.skip();
  if (tokens.peek().kind != Token::Kind::text) tokens.fail_here("expected a quoted text");
  const Token& value = tokens.peek();
  tokens.skip();
  matcher.value = value.text;
  if (matcher.label == "__name__") return set_name(selector, matcher, start);
  if (matcher.kind == LabelMatcher::Kind::matches || matcher.kind == LabelMatcher::Kind::not_matches) {
    matcher.regex = compile_pattern(matcher.value, value.offset);
  }
  selector.matchers.push_back(std::move(matcher));
}

NodePtr ranged(TokenCursor& tokens, const NodePtr& of, bool bare) {
  const std::size_t bracket = tokens.peek().offset;
  tokens.skip();
  const auto* const selector = std::get_if<VectorSelector>(&of->content);
  const milliseconds range = tokens.duration();
  if (tokens.peek().written.substr(0, 1) == ":") tokens.fail_here("subqueries are not supported");
  tokens.expect("]");
  if (selector == nullptr || !bare) fail(bracket, "a range belongs to a selector; subqueries are not supported");
  if (selector->offset != milliseconds(0)) fail(bracket, "the range stands in front of offset");
  if (range > longest_range) fail(bracket, "a range is at most 30d");
  RangeSelector result{*selector, range};
  result.of.history = history_key(result.of, range);
  return make_node(of->offset, std::move(result));
}

NodePtr shifted(TokenCursor& tokens, const NodePtr& of, bool bare) {
  const std::size_t word = tokens.peek().offset;
  tokens.skip();
  const bool negative = tokens.take("-");
  const milliseconds offset = negative ? -tokens.duration() : tokens.duration();
  if (!bare) fail(word, "offset belongs to a selector");
  auto copy = std::make_shared<Node>(*of);
  auto* const instant = std::get_if<VectorSelector>(&copy->content);
  auto* const range = std::get_if<RangeSelector>(&copy->content);
  VectorSelector* const selector = range != nullptr ? &range->of : instant;
  if (selector == nullptr) fail(word, "offset belongs to a selector");
  if (selector->offset != milliseconds(0)) fail(word, "offset is given twice");
  if (offset > longest_range || offset < -longest_range) fail(word, "an offset is at most 30d");
  selector->offset = offset;
  selector->history = history_key(*selector, range != nullptr ? range->range : milliseconds(0));
  return copy;
}

}  // namespace

std::optional<LabelRegex> compile_pattern(const std::string& pattern, std::size_t offset) {
  std::string why;
  auto result = LabelRegex::compile(pattern, why);
  if (!result) fail(offset, "not a regular expression that is supported: " + why);
  return result;
}

NodePtr parse_selector(TokenCursor& tokens, const std::string& metric, std::size_t offset) {
  VectorSelector result;
  result.selector.metric = metric;
  if (tokens.take("{")) {
    while (!tokens.take("}")) {
      add_matcher(tokens, result.selector);
      if (!tokens.take(",") && !tokens.next_is("}")) tokens.fail_here("expected , or }");
    }
  }
  if (result.selector.metric.empty()) fail(offset, "a selector needs the name of a metric");
  return make_node(offset, std::move(result));
}

NodePtr parse_modifiers(TokenCursor& tokens, NodePtr of, bool bare) {
  if (tokens.next_is("[")) of = ranged(tokens, of, bare);
  while (tokens.next_is_word("offset")) of = shifted(tokens, of, bare);
  return of;
}

}  // namespace pgvigil::promql
