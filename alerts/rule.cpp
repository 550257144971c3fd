#include "alerts/rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgvigil {

namespace {

constexpr milliseconds longest_hold = std::chrono::hours(24 * 30);

std::optional<Expression> decode_expression(const YamlValue& value) {
  const auto text = value.text();
  if (!text) return std::nullopt;
  auto parsed = parse_expression(*text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    value.fail(fmt::format("at character {} of the expression: {}", error->offset + 1, error->what));
    return std::nullopt;
  }
  return std::get<Expression>(std::move(parsed));
}

// `above: 80%` or `below: 3`, with `clear:` on the good side of it.
std::optional<Threshold> decode_threshold(Section& section) {
  const auto above = section.value("above");
  const auto below = section.value("below");
  if (above.has_value() == below.has_value()) {
    section.fail(above ? "above and below exclude each other" : "above: or below: is missing");
    return std::nullopt;
  }
  Threshold result;
  result.enters = above ? Comparison::greater : Comparison::less;
  result.stays = result.enters;
  const auto bound = (above ? above : below)->number();
  if (!bound) return std::nullopt;
  result.bound = *bound;
  result.clear_bound = section.number("clear", *bound);
  const bool wrong_side = above ? result.clear_bound > *bound : result.clear_bound < *bound;
  if (wrong_side) {
    section.value("clear")->fail(fmt::format("clear must be {} the threshold", above ? "at most" : "at least"));
    return std::nullopt;
  }
  return result;
}

void decode_level(Section& section, Level level, Rule& rule) {
  auto entry = section.section(to_string(level));
  if (!entry) return;
  rule.policy.hold_for[index_of(level)] = entry->duration("for", milliseconds(0), milliseconds(0), longest_hold);
  rule.thresholds[index_of(level)] = decode_threshold(*entry);
  entry->finish();
}

// A critical value must be a warning too, otherwise the rule has a hole.
void check_order(const Section& section, const Rule& rule) {
  const auto& warning = rule.thresholds[index_of(Level::warning)];
  const auto& critical = rule.thresholds[index_of(Level::critical)];
  if (!warning || !critical) return;
  if (warning->enters != critical->enters) {
    section.fail("warning and critical must both be above or both be below");
  } else if (warning->enters == Comparison::greater ? critical->bound < warning->bound
                                                    : critical->bound > warning->bound) {
    section.fail("critical must lie beyond warning");
  }
}

void decode_metric(Section& section, const YamlValue& metric, Rule& rule) {
  auto expression = decode_expression(metric);
  if (expression && expression->comparison) {
    metric.fail("metric takes a selector without a comparison; use warning: and critical:, or expr:");
  }
  if (expression) rule.selector = std::move(expression->selector);
  for (const Level level : all_levels) decode_level(section, level, rule);
  if (!section.has("warning") && !section.has("critical")) section.fail("warning: or critical: is missing");
  check_order(section, rule);
}

void decode_comparison(Section& section, const YamlValue& expr, Rule& rule) {
  const std::string name = section.choice("level", "warning", {"warning", "critical"});
  const Level level = parse_level(name).value_or(Level::warning);
  section.require("level");
  rule.policy.hold_for[index_of(level)] = section.duration("for", milliseconds(0), milliseconds(0), longest_hold);
  auto expression = decode_expression(expr);
  if (!expression) return;
  if (!expression->comparison) {
    expr.fail("expr needs a comparison with a number, such as pg_up == 0");
    return;
  }
  rule.selector = std::move(expression->selector);
  rule.thresholds[index_of(level)] =
      Threshold{*expression->comparison, expression->bound, *expression->comparison, expression->bound};
}

void decode_condition(Section& section, Rule& rule) {
  const auto metric = section.value("metric");
  const auto expr = section.value("expr");
  if (metric.has_value() == expr.has_value()) {
    section.fail(metric ? "metric and expr exclude each other" : "metric: or expr: is missing");
  } else if (metric) {
    decode_metric(section, *metric, rule);
  } else {
    decode_comparison(section, *expr, rule);
  }
}

MessageTemplate decode_template(Section& section, std::string_view key) {
  const auto value = section.value(key);
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return {};
  auto parsed = MessageTemplate::parse(*text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    value->fail(fmt::format("{}, at character {}: {}", key, error->offset + 1, error->what));
    return {};
  }
  return std::get<MessageTemplate>(std::move(parsed));
}

Labels decode_labels(Section& section) {
  Labels result;
  auto entry = section.section("labels");
  if (!entry) return result;
  for (const auto& [name, value] : entry->members()) {
    if (auto text = value.text()) result[name] = std::move(*text);
  }
  return result;
}

NoData decode_no_data(Section& section) {
  const std::string name = section.choice("no_data", "keep", {"keep", "fire", "ok"});
  if (name == "fire") return NoData::fire;
  return name == "ok" ? NoData::ok : NoData::keep;
}

}  // namespace

Observation Rule::observe(double value) const {
  Observation result;
  for (const Level level : all_levels) {
    const auto& threshold = thresholds[index_of(level)];
    if (threshold) result.levels[index_of(level)] = threshold->judge(value);
  }
  return result;
}

std::optional<Rule> decode_rule(Section& section) {
  Rule rule;
  rule.id = section.require_text("id");
  if (!rule.id.empty() && !is_identifier(rule.id)) {
    section.value("id")->fail("id takes lower-case letters, digits and hyphens");
  }
  decode_condition(section, rule);
  rule.policy.clear_for = section.duration("clear_for", milliseconds(0), milliseconds(0), longest_hold);
  rule.policy.no_data = decode_no_data(section);
  rule.labels = decode_labels(section);
  section.require("summary");
  rule.summary = decode_template(section, "summary");
  rule.description = decode_template(section, "description");
  rule.runbook = section.text("runbook");
  section.finish();
  if (rule.id.empty()) return std::nullopt;
  return rule;
}

bool is_identifier(std::string_view text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace pgvigil
