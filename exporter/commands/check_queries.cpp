#include <fmt/format.h>

#include <cstdio>

#include "collectors/connections.h"
#include "collectors/query_trial.h"
#include "core/error.h"
#include "core/text.h"
#include "exporter/commands.h"
#include "exporter/commands/config_file.h"

namespace pgvigil {

namespace {

struct Judgement {
  std::vector<std::string> problems;
  std::string line;  // what there is to say when there are none
};

Judgement judge(const CatalogEntry& entry, const std::vector<VariantTrial>& trials, const ServerFacts& facts) {
  Judgement judgement;
  std::string reasons;
  std::size_t good = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (const std::string& problem : trials[i].problems) {
      judgement.problems.push_back(trials.size() == 1 ? problem : fmt::format("variant {}: {}", i + 1, problem));
    }
    if (!trials[i].not_here.empty() && reasons.find(trials[i].not_here) == std::string::npos)
      reasons += (reasons.empty() ? "" : "; ") + trials[i].not_here;
    if (trials[i].not_here.empty()) ++good;
  }
  judgement.line = good == 0 ? fmt::format("{}: does not run on this server: {}", entry.name, reasons)
                             : fmt::format("{}: good in database {}", entry.name, facts.database);
  return judgement;
}

}  // namespace

int check_queries(const std::filesystem::path& config_file) {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  const CustomQueries& custom = config->collectors.custom;
  for (const std::string& advice : custom.advice) fmt::print(stderr, "{}\n", advice);
  if (custom.queries.empty()) {
    fmt::print("no queries are configured (collectors: {{ queries: [FILE] }})\n");
    return all_good;
  }
  const SystemClock clock;
  ConnectionPool connections(config->target, 1, clock);
  auto session = connections.lease(clock.steady_now() + config->target.connect_timeout, {});
  bool good = true;
  for (const CustomQuery& query : custom.queries) {
    const Judgement judgement = judge(query.entry, try_variants(query.entry, session), session.facts());
    for (const std::string& problem : judgement.problems) {
      fmt::print("{}: {}: {}\n", query.where, query.entry.name, problem);
    }
    if (judgement.problems.empty()) fmt::print("{}\n", judgement.line);
    good = good && judgement.problems.empty();
  }
  return good ? all_good : problems_found;
}

}  // namespace pgvigil
