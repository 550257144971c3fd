#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <optional>

#include "alerts/alert_store.h"
#include "core/error.h"
#include "core/local_store.h"
#include "core/text.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"
#include "exporter/commands/text_table.h"

namespace pgvigil {

namespace {

// The built-in rules when there is no configuration.
std::vector<Rule> rules_of(const std::optional<Config>& config) {
  if (config) return config->alerts.rules;
  Problems problems;
  auto defaults = Section::parse("", "built-in", problems);
  return decode_alerts(*defaults).rules;
}

struct Count {
  std::size_t firing = 0;
  std::size_t pending = 0;
};

// Of each rule; nothing when there is no memory of an agent, or none that can be read.
std::optional<std::map<std::string, Count>> count_alerts(const std::optional<Config>& config) {
  if (!config || !std::filesystem::exists(config->state_dir / "pgvigil.db")) return std::nullopt;
  try {
    LocalStore store(config->state_dir / "pgvigil.db", LocalStore::Schema::as_it_is);
    std::map<std::string, Count> result;
    for (const auto& [id, alert] : AlertStore(store).load()) {
      Count& count = result[alert.rule];
      ++(alert.state.firing() ? count.firing : count.pending);
    }
    return result;
  } catch (const Error& error) {
    fmt::print(stderr, "pgvigil: the state of the alerts is not known: {}\n", error.what());
    return std::nullopt;
  }
}

std::string state_of(const std::string& rule, const std::optional<std::map<std::string, Count>>& counts) {
  if (!counts) return "-";
  const auto found = counts->find(rule);
  if (found == counts->end()) return "ok";
  std::vector<std::string> parts;
  if (found->second.firing > 0) parts.push_back(fmt::format("{} firing", found->second.firing));
  if (found->second.pending > 0) parts.push_back(fmt::format("{} pending", found->second.pending));
  return join(parts, ", ");
}

// "> 10 for 5m", "holds for 30m", or a dash when the rule has no such level.
std::string when(const Rule& rule, Level level) {
  const auto& hold = rule.policy.hold_for[index_of(level)];
  const std::string lasting = hold && hold->count() > 0 ? " for " + format_duration(*hold) : "";
  if (rule.condition) return rule.condition == level ? "holds" + lasting : "-";
  const auto& threshold = rule.thresholds[index_of(level)];
  if (!threshold) return "-";
  return fmt::format("{} {}{}", threshold->enters == Comparison::less ? "<" : ">", threshold->bound, lasting);
}

}  // namespace

int list_rules(const std::filesystem::path& config_file) {
  std::optional<Config> config;
  if (!config_file.empty()) {
    config = read_config(config_file);
    if (!config) return unusable_config;
  }
  const auto rules = rules_of(config);
  const auto counts = count_alerts(config);
  TextTable table({"RULE", "STATE", "WARNING", "CRITICAL", "WRITTEN AT", "EXPRESSION"});
  for (const Rule& rule : rules) {
    table.add({rule.id, state_of(rule.id, counts), when(rule, Level::warning), when(rule, Level::critical), rule.place,
               rule.sql ? one_line(rule.sql->query, 2000) : std::string(rule.expression.text())});
  }
  fmt::print("{}", table.text());
  return all_good;
}

}  // namespace pgvigil
