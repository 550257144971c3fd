#include "exporter/commands/explanation.h"

#include <fmt/format.h>

#include "collectors/coded_collectors.h"
#include "collectors/sql_reader.h"
#include "core/text.h"

namespace pgvigil {

namespace {

std::string_view scope_name(Scope scope) {
  return scope == Scope::database ? "database" : "cluster";
}

std::string state_of(const PlannedCode& code) {
  return code.off.empty() ? "on" : "off: " + code.off;
}

std::string verdict(const VariantExplanation& variant) {
  if (variant.chosen) return ": this one runs";
  return variant.not_here.empty() ? "" : ": " + variant.not_here;
}

std::string indented(const std::string& text) {
  std::string result;
  for (const std::string& line : split(trim(text), '\n')) result += "      " + line + "\n";
  return result;
}

std::string columns_text(const CatalogEntry& entry) {
  std::string labels;
  std::string metrics;
  for (const CatalogColumn& column : entry.columns) {
    if (column.is_label()) labels += (labels.empty() ? "" : ", ") + column.name;
    if (!column.is_value()) continue;
    const std::string servers = column.server.text().empty() ? "" : ", PostgreSQL " + column.server.text();
    metrics += fmt::format("    {} ({}{}) {}\n", column.metric, to_string(column.usage), servers, column.help);
  }
  return fmt::format("  labels       {}\n  metrics\n{}", labels.empty() ? "none" : labels, metrics);
}

}  // namespace

std::string describe(const CatalogCondition& condition) {
  std::vector<std::string> parts;
  if (!condition.server.text().empty()) parts.push_back("PostgreSQL " + condition.server.text());
  if (condition.role) parts.emplace_back(*condition.role == ServerRole::standby ? "standby" : "primary");
  if (!condition.extension.empty()) {
    const std::string& version = condition.extension_version.text();
    parts.push_back("extension " + condition.extension + (version.empty() ? "" : " " + version));
  }
  if (!condition.relation.empty()) parts.push_back("may read " + condition.relation);
  if (!condition.function.empty()) parts.push_back("may execute " + condition.function);
  if (!condition.member_of.empty()) parts.push_back("has the privileges of " + condition.member_of);
  return parts.empty() ? "any server" : join(parts, ", ");
}

CollectorExplanation explain(const PlannedCollector& planned, ConnectionPool::Lease* session) {
  CollectorExplanation result{planned, planned.off.empty() ? "on" : "off: " + planned.off, {}};
  for (const CatalogVariant& variant : planned.entry.variants) {
    result.variants.push_back({describe(variant.when), variant.query, {}, false});
  }
  if (session == nullptr) return result;
  const ServerFacts& facts = session->facts();
  bool found = false;
  std::string reasons;
  for (std::size_t i = 0; i < result.variants.size(); ++i) {
    VariantExplanation& variant = result.variants[i];
    CatalogEntry alone = planned.entry;
    alone.variants = {planned.entry.variants[i]};
    variant.query = query_text(alone.variants.front(), facts);
    variant.not_here = choose_variant(alone, *session, {}).reason;
    if (!variant.not_here.empty() && reasons.find(variant.not_here) == std::string::npos)
      reasons += (reasons.empty() ? "" : "; ") + variant.not_here;
    if (!variant.not_here.empty()) continue;
    if (found) variant.not_here = "an earlier variant fits";
    variant.chosen = !found;
    found = true;
  }
  if (planned.off.empty()) result.state = found ? "runs" : "skipped: " + reasons;
  return result;
}

std::string summary_line(const CollectorExplanation& explanation) {
  const CatalogEntry& entry = explanation.planned.entry;
  const bool plain = explanation.state == "runs" || explanation.state == "on";
  return fmt::format("{:<28} {:>6} {:<8} {}{}\n", entry.name, format_duration(entry.interval), scope_name(entry.scope),
                     plain ? "" : "[" + explanation.state + "] ", entry.help);
}

std::string whole_text(const CollectorExplanation& explanation) {
  const CatalogEntry& entry = explanation.planned.entry;
  std::string text = fmt::format(
      "{}: {}\n  state        {}\n  defined      {}\n  interval     {}, at most {} for the query\n  scope        {}\n"
      "  presets      {}\n  series       at most {}\n",
      entry.name, entry.help, explanation.state, explanation.planned.origin, format_duration(entry.interval),
      format_duration(entry.timeout), scope_name(entry.scope), join(entry.presets, ", "), entry.max_series);
  text += columns_text(entry);
  for (std::size_t i = 0; i < explanation.variants.size(); ++i) {
    const VariantExplanation& variant = explanation.variants[i];
    text += fmt::format("  variant {}, {}{}\n{}", i + 1, variant.condition, verdict(variant), indented(variant.query));
  }
  return text;
}

Json to_json(const CollectorExplanation& explanation) {
  const CatalogEntry& entry = explanation.planned.entry;
  Json::Array presets(entry.presets.begin(), entry.presets.end());
  Json::Array columns;
  for (const CatalogColumn& column : entry.columns) {
    columns.emplace_back(Json::Object{{"name", column.name},
                                      {"usage", std::string(to_string(column.usage))},
                                      {"metric", column.metric},
                                      {"server", column.server.text()},
                                      {"help", column.help}});
  }
  Json::Array variants;
  for (const VariantExplanation& variant : explanation.variants) {
    variants.emplace_back(Json::Object{{"condition", variant.condition},
                                       {"chosen", variant.chosen},
                                       {"reason", variant.not_here},
                                       {"query", variant.query}});
  }
  const auto seconds_of = [](milliseconds time) { return std::chrono::duration<double>(time).count(); };
  return Json::Object{{"name", entry.name},
                      {"help", entry.help},
                      {"state", explanation.state},
                      {"defined", explanation.planned.origin},
                      {"interval_seconds", seconds_of(entry.interval)},
                      {"timeout_seconds", seconds_of(entry.timeout)},
                      {"scope", std::string(scope_name(entry.scope))},
                      {"presets", std::move(presets)},
                      {"max_series", static_cast<std::int64_t>(entry.max_series)},
                      {"columns", std::move(columns)},
                      {"variants", std::move(variants)}};
}

std::string summary_line(const PlannedCode& code) {
  return fmt::format("{:<28} {:>6} {:<8} {}{}\n", code.name, format_duration(code.interval), "",
                     code.off.empty() ? "" : "[" + state_of(code) + "] ", code.account->help);
}

std::string whole_text(const PlannedCode& code) {
  std::string text = fmt::format(
      "{}: {}\n  state        {}\n  defined      in code, not by a query\n  interval     {}\n  reads        {}\n"
      "  needs        {}\n  metrics\n",
      code.name, code.account->help, state_of(code), format_duration(code.interval), code.account->reads,
      code.account->needs);
  for (const std::string& family : code.account->families) {
    text += fmt::format("    {}{}\n", family, family.ends_with('_') ? "…" : "");
  }
  return text;
}

Json to_json(const PlannedCode& code) {
  return Json::Object{{"name", code.name},
                      {"help", code.account->help},
                      {"state", state_of(code)},
                      {"defined", "in code"},
                      {"interval_seconds", std::chrono::duration<double>(code.interval).count()},
                      {"reads", code.account->reads},
                      {"needs", code.account->needs},
                      {"families", Json::Array(code.account->families.begin(), code.account->families.end())}};
}

}  // namespace pgvigil
