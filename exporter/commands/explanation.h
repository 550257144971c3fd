#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collectors/collectors.h"
#include "collectors/connections.h"
#include "core/json.h"

namespace pgvigil {

// What a variant of a collector's query is for, and what a server makes of it.
struct VariantExplanation {
  std::string condition;  // in words; "any server"
  std::string query;      // as it is sent there
  std::string not_here;   // why it is not for this server; empty when it is, or when none was asked
  bool chosen = false;    // the one that runs
};

struct CollectorExplanation {
  PlannedCollector planned;
  std::string state;  // "runs", "off: …", "skipped: …"; without a server "on"
  std::vector<VariantExplanation> variants;
};

// A condition in words.
std::string describe(const CatalogCondition& condition);

// `session` null: no server could be asked. Throws Error when the connection is lost.
CollectorExplanation explain(const PlannedCollector& planned, ConnectionPool::Lease* session);

// One line a collector; everything about one; the same for programs. Pure.
std::string summary_line(const CollectorExplanation& explanation);
std::string whole_text(const CollectorExplanation& explanation);
Json to_json(const CollectorExplanation& explanation);

// The same for a collector that is code: there is no query to explain.
std::string summary_line(const PlannedCode& code);
std::string whole_text(const PlannedCode& code);
Json to_json(const PlannedCode& code);

}  // namespace pgvigil
