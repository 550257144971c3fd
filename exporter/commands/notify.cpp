#include "exporter/commands/notify.h"

#include <fmt/format.h>

#include <cstdio>

#include "alerts/channel_trial.h"
#include "core/text.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

bool try_lane(const ChannelOptions& lane, const Config& config) {
  const SystemClock clock;
  CurlClient http(lane.scheme, lane.ca_file);
  bool good = true;
  for (const TrialResult& result : try_channel(lane, config.alerts.instance, http, config.target, clock)) {
    good = good && result.verdict.delivered();
    const std::string why = result.verdict.why.empty() ? "" : ": " + result.verdict.why;
    fmt::print("{} {}: {}{} ({})\n", result.lane, result.what, to_string(result.verdict.kind), why,
               format_duration(result.duration));
  }
  return good;
}

}  // namespace

int test_channel(const std::filesystem::path& config_file, const std::string& channel) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  bool found = false;
  bool good = true;
  std::vector<std::string> names;
  for (const ChannelOptions& lane : config->alerts.channels) {
    names.push_back(lane.target);
    if (lane.target != channel && lane.name != channel) continue;
    found = true;
    good = try_lane(lane, *config) && good;
  }
  if (found) return good ? all_good : problems_found;
  const auto meant = closest(channel, names);
  fmt::print(stderr, "pgvigil: there is no channel {}{}\n", channel, meant ? "; did you mean " + *meant + "?" : "");
  return problems_found;
}

}  // namespace pgvigil
