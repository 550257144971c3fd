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

struct Listing {
  std::vector<CollectorExplanation> queries;
  std::vector<PlannedCode> code;
};

void print(const Listing& listing, bool whole, const std::string& format) {
  if (format == "json") {
    Json::Array array;
    array.reserve(listing.queries.size() + listing.code.size());
    for (const CollectorExplanation& one : listing.queries) array.push_back(to_json(one));
    for (const PlannedCode& one : listing.code) array.push_back(to_json(one));
    fmt::print("{}\n", Json(std::move(array)).dump(2));
    return;
  }
  for (const CollectorExplanation& one : listing.queries) fmt::print("{}", whole ? whole_text(one) : summary_line(one));
  for (const PlannedCode& one : listing.code) fmt::print("{}", whole ? whole_text(one) : summary_line(one));
}

// Leaves the collector of this name only; false, with what there is, when there is none.
bool narrow(std::vector<PlannedCollector>& queries, std::vector<PlannedCode>& code, const std::string& name) {
  std::vector<std::string> known;
  known.reserve(queries.size() + code.size());
  for (const PlannedCollector& one : queries) known.push_back(one.entry.name);
  for (const PlannedCode& one : code) known.push_back(one.name);
  std::erase_if(queries, [&](const PlannedCollector& one) { return one.entry.name != name; });
  std::erase_if(code, [&](const PlannedCode& one) { return one.name != name; });
  if (!queries.empty() || !code.empty()) return true;
  fmt::print(stderr, "pgvigil: there is no collector '{}'; there is {}\n", name, join(known, ", "));
  return false;
}

}  // namespace

int list_collectors(const std::filesystem::path& config_file, const std::string& name, const std::string& format) {
  std::optional<Config> config;
  if (!config_file.empty()) {
    config = read_config(config_file);
    if (!config) return unusable_config;
  }
  const CollectorOptions options = config ? config->collectors : CollectorOptions{};
  std::vector<PlannedCollector> queries = plan_collectors(options);
  Listing listing{{}, plan_coded_collectors(options)};
  if (!name.empty() && !narrow(queries, listing.code, name)) return unusable_config;
  OptionalSession session(config);
  listing.queries.reserve(queries.size());
  for (const PlannedCollector& one : queries) listing.queries.push_back(explain(one, session.get()));
  print(listing, !name.empty(), format);
  return all_good;
}

}  // namespace pgvigil
