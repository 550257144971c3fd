#include "collectors/bloat/verdict.h"

namespace pgvigil {

Verdict judge(const RelationFacts& relation, const IndexBaseline* baseline, const Confirmation* confirmation,
              WallTime now, milliseconds valid_for) {
  Verdict verdict;
  verdict.relation = &relation;
  const bool comparable = baseline != nullptr && relation.rows >= 1;
  if (comparable) verdict.growth = growth(*baseline, relation);
  if (confirmation != nullptr && holds(*confirmation, relation, now, valid_for)) {
    verdict.wasted = confirmation->wasted;
    verdict.method = confirmation->method;
    verdict.measured_at = confirmation->measured_at;
    return verdict;
  }
  if (comparable && relation.access_method == "btree" && relation.valid) {
    verdict.wasted = wasted_since(*baseline, relation);
    verdict.method = "baseline";
    if (verdict.wasted) return verdict;
  }
  const Estimate estimated = estimate(relation);
  if (const auto* reason = std::get_if<Suppressed>(&estimated)) {
    verdict.reason = *reason;
    verdict.method = {};
    return verdict;
  }
  verdict.wasted = std::get<double>(estimated);
  verdict.method = "estimate";
  return verdict;
}

std::optional<double> suspected_share(const Verdict& verdict) {
  if (verdict.wasted) return verdict.wasted;
  // Far above its own best is a sign; as good as its best is none, because the first look may have come too late.
  if (verdict.growth && *verdict.growth > 1.5) return 1 - 1 / *verdict.growth;
  return std::nullopt;
}

}  // namespace pgvigil
