#include "alerts/prometheus_export.h"

#include <fmt/format.h>

#include <cctype>

#include "alerts/prometheus_expression.h"

namespace pgvigil {

namespace {

constexpr const char* introduction =
    R"(# Made by `pgvigil rules export --prometheus`: alerting rules for a Prometheus that scrapes pgvigil. Do not edit.
# on (job, instance) and by (job, instance) keep servers apart; without these labels they change nothing.
groups:
  - name: pgvigil
    rules:
)";

// In double quotes, as YAML and JSON have it.
std::string yaml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

// PgvigilDiskUsed for disk-used.
std::string alert_name(std::string_view id) {
  std::string name = "Pgvigil";
  bool begins = true;
  for (const char c : id) {
    if (c != '-') name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '-';
  }
  return name;
}

std::string value_template(MessageTemplate::Filter filter) {
  switch (filter) {
    case MessageTemplate::Filter::percent: return "{{ $value | humanizePercentage }}";
    case MessageTemplate::Filter::duration: return "{{ $value | humanizeDuration }}";
    case MessageTemplate::Filter::bytes: return "{{ $value | humanize1024 }}B";
    case MessageTemplate::Filter::none: break;
  }
  return "{{ printf \"%.6g\" $value }}";
}

std::string template_of(const MessageTemplate::Placeholder& placeholder, Level level, double threshold) {
  switch (placeholder.field) {
    case MessageTemplate::Field::subject: return "{{ range $name, $text := $labels }}{{ $name }}={{ $text }} {{ end }}";
    case MessageTemplate::Field::instance: return "{{ $labels.instance }}";
    case MessageTemplate::Field::level: return std::string(to_string(level));
    case MessageTemplate::Field::value: return value_template(placeholder.filter);
    case MessageTemplate::Field::threshold: return MessageTemplate::format_number(threshold, placeholder.filter);
    case MessageTemplate::Field::label: break;
  }
  return fmt::format("{{{{ $labels.{} }}}}", placeholder.label);
}

std::string text_of(const MessageTemplate& message, Level level, double threshold) {
  std::string text;
  for (const MessageTemplate::Part& part : message.parts()) {
    const auto* literal = std::get_if<std::string>(&part);
    text += literal != nullptr ? *literal : template_of(std::get<MessageTemplate::Placeholder>(part), level, threshold);
  }
  return text;
}

promql::Operator operator_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal: return promql::Operator::equal;
    case Comparison::not_equal: return promql::Operator::not_equal;
    case Comparison::less: return promql::Operator::less;
    case Comparison::less_equal: return promql::Operator::less_equal;
    case Comparison::greater: return promql::Operator::greater;
    case Comparison::greater_equal: break;
  }
  return promql::Operator::greater_equal;
}

std::string expression_of(const Rule& rule, Level level) {
  const auto& threshold = rule.thresholds[index_of(level)];
  const promql::Node& root = rule.expression.root();
  if (!threshold) return prometheus_expression(root);
  const auto share = [](promql::Node node) { return std::make_shared<const promql::Node>(std::move(node)); };
  promql::Binary comparison;
  comparison.op = operator_of(threshold->enters);
  comparison.left = share(root);
  comparison.right = share({0, promql::Number{threshold->bound}});
  return prometheus_expression({0, std::move(comparison)});
}

// What is lost on the way.
std::string comments(const Rule& rule, Level level) {
  std::string text;
  const auto& threshold = rule.thresholds[index_of(level)];
  if (threshold && threshold->clear_bound != threshold->bound) {
    text +=
        fmt::format("      # pgvigil ends this level at {}, Prometheus at the threshold.\n", threshold->clear_bound);
  }
  if (rule.policy.m_of_n) text += "      # pgvigil asks for m of the last n looks, Prometheus for all of them.\n";
  if (rule.policy.no_data == NoData::fire) {
    text += "      # pgvigil also fires when there is no data; here add absent(…) with the labels of your server.\n";
  }
  return text;
}

void append_alert(std::string& text, const Rule& rule, Level level) {
  const auto& threshold = rule.thresholds[index_of(level)];
  const double bound = threshold ? threshold->bound : 0;
  const milliseconds hold = rule.policy.hold_for[index_of(level)].value_or(milliseconds(0));
  const milliseconds keep = rule.policy.event ? rule.policy.resolve_after : rule.policy.clear_for;
  text += comments(rule, level);
  text +=
      fmt::format("      - alert: {}\n        expr: {}\n", alert_name(rule.id), yaml_text(expression_of(rule, level)));
  if (hold.count() > 0 && !rule.policy.event) text += fmt::format("        for: {}\n", prometheus_duration(hold));
  if (keep.count() > 0) text += fmt::format("        keep_firing_for: {}\n", prometheus_duration(keep));
  text += fmt::format("        labels:\n          severity: {}\n          rule: {}\n", to_string(level), rule.id);
  for (const auto& [name, value] : rule.labels) text += fmt::format("          {}: {}\n", name, yaml_text(value));
  text += fmt::format("        annotations:\n          summary: {}\n", yaml_text(text_of(rule.summary, level, bound)));
  if (const std::string description = text_of(rule.description, level, bound); !description.empty()) {
    text += fmt::format("          description: {}\n", yaml_text(description));
  }
  if (!rule.runbook.empty()) text += fmt::format("          runbook: {}\n", yaml_text(rule.runbook));
}

}  // namespace

std::string prometheus_rules(const std::vector<Rule>& rules) {
  std::string text = introduction;
  for (const Rule& rule : rules) {
    for (const Level level : all_levels) {
      if (rule.thresholds[index_of(level)] || rule.condition == level) append_alert(text, rule, level);
    }
  }
  return text;
}

}  // namespace pgvigil
