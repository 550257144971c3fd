#include "collectors/bloat/confirmation_plan.h"

#include <algorithm>
#include <utility>

namespace pgvigil {

namespace {

constexpr double share_without_a_sign = 1.0 / 3;
constexpr double share_worth_reading = 0.2;
constexpr auto patience_after_failure = std::chrono::hours(24);

bool can_be_read(const RelationFacts& relation) {
  if (relation.kind == RelationKind::index) return relation.access_method == "btree" && relation.valid;
  return relation.access_method == "heap";
}

double promised_bytes(const Suspect& suspect) {
  return suspect.suspected.value_or(share_without_a_sign) * suspect.relation->bytes();
}

bool due(const Suspect& suspect, const BloatOptions& options, WallTime now) {
  if (!suspect.last) return true;
  if (!suspect.last->wasted) return now - suspect.last->measured_at > patience_after_failure;
  return !holds(*suspect.last, *suspect.relation, now, options.valid_for / 2);
}

bool worth_reading(const Suspect& suspect, const BloatOptions& options) {
  return suspect.suspected.value_or(share_without_a_sign) >= share_worth_reading &&
         promised_bytes(suspect) >= share_worth_reading * static_cast<double>(options.floor_bytes);
}

}  // namespace

ConfirmationPlan plan_confirmations(const std::vector<Suspect>& suspects, std::int64_t budget,
                                    const BloatOptions& options, WallTime now) {
  std::vector<const Suspect*> wanted;
  for (const Suspect& suspect : suspects) {
    if (can_be_read(*suspect.relation) && due(suspect, options, now) && worth_reading(suspect, options))
      wanted.push_back(&suspect);
  }
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const Suspect* a, const Suspect* b) { return promised_bytes(*a) > promised_bytes(*b); });
  ConfirmationPlan plan;
  for (const Suspect* suspect : wanted) {
    const std::int64_t cost = bytes_to_read(*suspect->relation);
    if (suspect->locked) {
      ++plan.locked;
    } else if (cost > budget || std::cmp_greater_equal(plan.read.size(), options.confirmations_a_visit)) {
      ++plan.over_budget;
    } else {
      budget -= cost;
      plan.read.push_back(suspect->relation);
    }
  }
  return plan;
}

}  // namespace pgvigil
