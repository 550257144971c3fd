#include "alerts/rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "alerts/lifecycle_options.h"

namespace pgvigil {

namespace {

std::optional<promql::Expression> decode_expression(const YamlValue& value) {
  const auto text = value.text();
  if (!text) return std::nullopt;
  auto parsed = promql::Expression::parse(*text);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    value.fail(fmt::format("at character {} of the expression: {}", error->offset + 1, error->what));
    return std::nullopt;
  }
  return std::get<promql::Expression>(std::move(parsed));
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
  rule.policy.hold_for[index_of(level)] = decode_hold_for(*entry, rule.policy);
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

void decode_thresholds(Section& section, Rule& rule) {
  for (const Level level : all_levels) decode_level(section, level, rule);
  check_order(section, rule);
}

// A comparison with bool is 1 or 0 and so always there: as a condition it would hold for every subject.
bool is_filter(const promql::Node& root) {
  const auto* const binary = std::get_if<promql::Binary>(&root.content);
  return binary == nullptr || !binary->returns_bool;
}

void decode_condition(Section& section, const std::optional<YamlValue>& expr, Rule& rule) {
  const std::string name = section.choice("level", "warning", {"warning", "critical"});
  const Level level = parse_level(name).value_or(Level::warning);
  rule.condition = level;
  rule.policy.hold_for[index_of(level)] = decode_hold_for(section, rule.policy);
  if (!expr) return;
  if (promql::type_of(rule.expression.root()) != promql::Type::vector) {
    expr->fail("a condition is an instant vector: the subjects for which it holds, such as pg_up == 0");
  } else if (!is_filter(rule.expression.root())) {
    expr->fail("a condition with bool always holds; leave bool out, or use warning: and critical:");
  }
}

// The rows of the rule's query are samples of a name of its own, which is then its expression.
std::optional<promql::Expression> decode_sql(Section& section, Rule& rule) {
  auto sql = section.section("sql");
  if (!sql) return std::nullopt;
  if (section.has("expr")) section.fail("expr: and sql: exclude each other");
  rule.sql = decode_sql_rule(*sql);
  if (rule.id.empty()) return std::nullopt;
  auto parsed = promql::Expression::parse(sql_rule_metric(rule.id));
  return std::get<promql::Expression>(std::move(parsed));
}

void decode_form(Section& section, Rule& rule) {
  const auto expr = section.has("sql") ? std::nullopt : section.require("expr");
  auto expression = expr ? decode_expression(*expr) : decode_sql(section, rule);
  const bool readable = expression.has_value();
  if (readable) rule.expression = std::move(*expression);
  const bool thresholds = section.has("warning") || section.has("critical");
  if (thresholds) {
    decode_thresholds(section, rule);
    if (section.value("level")) {
      section.fail("level: excludes warning: and critical:; it belongs to an expr that is a condition");
    }
  } else if (rule.sql) {
    section.fail("a rule with sql: has warning: or critical: for the column value");
  } else if (section.has("level")) {
    decode_condition(section, readable ? expr : std::nullopt, rule);
  } else {
    section.fail("warning: or critical: is missing, or level: for an expr that is a condition");
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

}  // namespace

Observation Rule::observe(const promql::Element& element) const {
  const bool known = element.certainty == promql::Certainty::known;
  if (condition) return observe(known ? Truth::yes : Truth::unknown);
  Observation result;
  for (const Level level : all_levels) {
    const auto& threshold = thresholds[index_of(level)];
    if (threshold && known) result.levels[index_of(level)] = threshold->judge(element.value);
  }
  return result;
}

Observation Rule::observe(Truth holds) const {
  Observation result;
  if (condition) result.levels[index_of(*condition)] = {holds, holds};
  return result;
}

std::optional<Rule> decode_rule(Section& section) {
  Rule rule;
  rule.id = section.require_text("id");
  if (!rule.id.empty() && !is_identifier(rule.id)) {
    section.value("id")->fail("id takes lower-case letters, digits and hyphens");
  }
  rule.place = section.where();
  rule.policy = decode_lifecycle(section);
  decode_form(section, rule);
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
