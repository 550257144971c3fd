#include <fmt/format.h>

#include "alerts/options.h"
#include "alerts/prometheus_export.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

// What the agent has when nothing is configured; the build has checked it.
std::vector<Rule> built_in_rules() {
  Problems problems;
  auto empty = Section::parse("", "built-in", problems);
  return decode_alerts(*empty).rules;
}

}  // namespace

int export_rules(const std::filesystem::path& config_file) {
  if (config_file.empty()) {
    fmt::print("{}", prometheus_rules(built_in_rules()));
    return all_good;
  }
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  fmt::print("{}", prometheus_rules(config->alerts.rules));
  return all_good;
}

}  // namespace pgvigil
