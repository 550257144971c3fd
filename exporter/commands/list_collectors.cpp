#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"
#include "exporter/commands/explanation.h"

namespace pgvigil {

namespace {

// A session on the server, or nothing after having said why: what is built in can be told without one.
class OptionalSession {
 public:
  explicit OptionalSession(const std::optional<Config>& config) {
    if (!config) return;
    connections_.emplace(config->target, 1, clock_);
    try {
      lease_.emplace(connections_->lease(clock_.steady_now() + config->target.connect_timeout, {}));
    } catch (const Error& error) {
      fmt::print(stderr, "pgvigil: the server cannot be asked which variants apply: {}\n", error.what());
    }
  }
  ConnectionPool::Lease* get() { return lease_ ? &*lease_ : nullptr; }

 private:
  SystemClock clock_;
  std::optional<ConnectionPool> connections_;
  std::optional<ConnectionPool::Lease> lease_;
};

void print(const std::vector<CollectorExplanation>& explanations, bool whole, const std::string& format) {
  if (format == "json") {
    Json::Array array;
    for (const CollectorExplanation& one : explanations) array.push_back(to_json(one));
    fmt::print("{}\n", Json(std::move(array)).dump(2));
    return;
  }
  for (const CollectorExplanation& one : explanations) fmt::print("{}", whole ? whole_text(one) : summary_line(one));
}

}  // namespace

int list_collectors(const std::filesystem::path& config_file, const std::string& name, const std::string& format) {
  std::optional<Config> config;
  if (!config_file.empty()) {
    config = read_config(config_file);
    if (!config) return unusable_config;
  }
  std::vector<PlannedCollector> plan = plan_collectors(config ? config->collectors : CollectorOptions{});
  std::vector<std::string> known;
  for (const PlannedCollector& collector : plan) known.push_back(collector.entry.name);
  if (!name.empty()) {
    std::erase_if(plan, [&](const PlannedCollector& collector) { return collector.entry.name != name; });
    if (plan.empty()) {
      fmt::print(stderr, "pgvigil: there is no collector '{}'; there is {}\n", name, join(known, ", "));
      return unusable_config;
    }
  }
  OptionalSession session(config);
  std::vector<CollectorExplanation> explanations;
  for (const PlannedCollector& collector : plan) explanations.push_back(explain(collector, session.get()));
  print(explanations, !name.empty(), format);
  return all_good;
}

}  // namespace pgvigil
