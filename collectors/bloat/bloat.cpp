#include "collectors/bloat/bloat.h"

#include <set>
#include <string>

#include "collectors/bloat/bloat_families.h"
#include "collectors/bloat/confirmation_plan.h"
#include "collectors/bloat/relation_reader.h"
#include "collectors/bloat/verdict.h"

namespace pgvigil {

namespace {

template <typename Value>
const Value* find(const std::map<std::string, Value>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

void advance_baselines(DatabaseBloatMemory& memory, const std::vector<RelationFacts>& relations, WallTime now) {
  for (const RelationFacts& relation : relations) {
    if (relation.kind != RelationKind::index) continue;
    const IndexBaseline* known = find(memory.baselines, relation.name);
    const auto next = advance(known == nullptr ? std::nullopt : std::optional(*known), relation, now);
    if (next) memory.baselines[relation.name] = *next;
  }
}

std::vector<Verdict> judge_all(const std::vector<RelationFacts>& relations, const DatabaseBloatMemory& memory,
                               WallTime now, const BloatOptions& options) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(relations.size());
  for (const RelationFacts& relation : relations) {
    verdicts.push_back(judge(relation, find(memory.baselines, relation.name), find(memory.confirmations, relation.name),
                             now, options.valid_for));
  }
  return verdicts;
}

// Before 14 pgstattuple_approx refuses TOAST tables.
std::vector<Suspect> suspects_of(const std::vector<Verdict>& verdicts, const DatabaseBloatMemory& memory,
                                 const std::set<std::int64_t>& locked, int server_version) {
  std::vector<Suspect> suspects;
  for (const Verdict& verdict : verdicts) {
    const RelationFacts& relation = *verdict.relation;
    if (relation.kind == RelationKind::toast && server_version < 140000) continue;
    const Confirmation* last = find(memory.confirmations, relation.name);
    suspects.push_back({&relation, suspected_share(verdict), last == nullptr ? std::nullopt : std::optional(*last),
                        locked.contains(relation.oid) || locked.contains(relation.table_oid)});
  }
  return suspects;
}

// What is read for it is counted also when the session or the agent ends meanwhile.
void read(const RelationScan& scan, const RelationFacts& relation, bool in_recovery, DatabaseBloatMemory& memory,
          WallTime now) {
  const bool index = relation.kind == RelationKind::index;
  Confirmation& result = memory.confirmations[relation.name];
  result = {relation.file,
            relation.pages,
            relation.rows,
            std::nullopt,
            index ? "pgstatindex" : "pgstattuple_approx",
            bytes_to_read(relation),
            now};
  result.wasted = scan.wasted(relation);
  // A standby does not count changes: how old the row count is cannot be told there.
  if (!index || !result.wasted || in_recovery) return;
  if (const auto anchored = anchored_by_reading(relation, *result.wasted, now))
    memory.baselines[relation.name] = *anchored;
}

ConfirmationPlan confirm(PgConnection& connection, const ServerFacts& facts, const std::vector<Verdict>& verdicts,
                         std::int64_t budget, DatabaseBloatMemory& memory, WallTime now, const BloatOptions& options,
                         const std::stop_token& stop) {
  if (options.read_bytes_an_hour == 0) return {};
  const RelationScan scan(connection, options.confirmation_timeout, stop);
  if (!scan.available()) return {};
  ConfirmationPlan plan =
      plan_confirmations(suspects_of(verdicts, memory, scan.locked(), facts.version), budget, options, now);
  for (const RelationFacts* relation : plan.read) {
    // Asked again before each: reading the one before may have taken seconds.
    const std::set<std::int64_t> locked = scan.locked();
    if (locked.contains(relation->oid) || locked.contains(relation->table_oid)) {
      ++plan.locked;
    } else {
      read(scan, *relation, facts.in_recovery, memory, now);
    }
  }
  return plan;
}

}  // namespace

std::vector<Family> bloat_of(PgConnection& connection, const ServerFacts& facts, BloatMemory& memory, WallTime now,
                             const BloatOptions& options, const std::stop_token& stop) {
  const RelationFactsOfDatabase found = read_relations(connection, options.floor_bytes, options.query_timeout, stop);
  DatabaseBloatMemory remembered = memory.recall(facts.database);
  advance_baselines(remembered, found.relations, now);
  const std::int64_t budget = options.read_bytes_an_hour - memory.bytes_read_since(now - std::chrono::hours(1));
  const std::vector<Verdict> before = judge_all(found.relations, remembered, now, options);
  ConfirmationPlan plan;
  try {
    plan = confirm(connection, facts, before, budget, remembered, now, options, stop);
  } catch (const Error&) {
    memory.remember(facts.database, remembered, now);
    throw;
  }
  memory.remember(facts.database, remembered, now);
  return bloat_families(facts.database, judge_all(found.relations, remembered, now, options), found.left_out, plan);
}

}  // namespace pgvigil
