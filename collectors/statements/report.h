#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "collectors/statements/ledger.h"
#include "core/sample.h"

namespace pgvigil {

// Names of roles and databases by their OIDs.
struct OwnerNames {
  std::map<std::uint32_t, std::string> users;
  std::map<std::uint32_t, std::string> databases;

  // One that has no name goes by its number.
  static std::string of(const std::map<std::uint32_t, std::string>& names, std::uint32_t oid);
};

// The names of these OIDs: `found` now, or as they were `before` when what they belong to was dropped, unless something
// else has that name today. Pure.
std::map<std::uint32_t, std::string> names_now(const std::set<std::uint32_t>& oids,
                                               const std::map<std::uint32_t, std::string>& before,
                                               const std::map<std::uint32_t, std::string>& found);

// The ledger's counters as series: those that the extension counts, for each exported statement and the rest of each
// owner; and the sums of each owner, which no statement's coming and going moves. `compat`: also the names that older
// dashboards of postgres_exporter ask for.
std::vector<Family> statement_families(const StatementLedger& ledger, const std::vector<StatementCounter>& counters,
                                       const OwnerNames& names, bool compat);

// All that the two functions here may report.
std::vector<std::string> statement_family_names();

// pg_stat_statements_query_info of the exported statements whose text is known.
Family statement_text_family(const StatementLedger& ledger, const std::map<std::int64_t, std::string>& texts);

}  // namespace pgvigil
