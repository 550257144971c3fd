#pragma once

#include <optional>
#include <string_view>

#include "collectors/bloat/baseline.h"
#include "collectors/bloat/confirmation.h"
#include "collectors/bloat/estimate.h"

namespace pgvigil {

// What is said about one relation: a share that a rewrite would give back and where it comes from, or why nothing.
struct Verdict {
  const RelationFacts* relation = nullptr;
  std::optional<double> wasted;  // 0 to 1
  std::string_view method;       // estimate, baseline, pgstattuple_approx, pgstatindex
  std::optional<WallTime> measured_at;
  Suppressed reason{};           // when there is no share
  std::optional<double> growth;  // of an index: how many times its best it takes
};

// The best that is known. A reading that still holds comes before a comparison with the index's own best, and that
// before an estimate from statistics. `baseline` and `confirmation` may be null.
Verdict judge(const RelationFacts& relation, const IndexBaseline* baseline, const Confirmation* confirmation,
              WallTime now, milliseconds valid_for);

// The share that signs say is wasted, for deciding whether to read the relation: also signs that are not good enough to
// be served.
std::optional<double> suspected_share(const Verdict& verdict);

}  // namespace pgvigil
