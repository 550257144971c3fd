#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/bloat/confirmation.h"
#include "collectors/bloat/options.h"

namespace pgvigil {

// A relation whose bloat may be worth reading it.
struct Suspect {
  const RelationFacts* relation = nullptr;
  std::optional<double> suspected;  // the share that signs say is wasted; nothing: there is no sign
  std::optional<Confirmation> last;
  bool locked = false;  // somebody holds or awaits an exclusive lock on it or its table
};

// Which suspects to read now, and how many have to wait, by the reason.
struct ConfirmationPlan {
  std::vector<const RelationFacts*> read;
  int locked = 0;
  int over_budget = 0;  // for now, or for good: reading it takes more than an hour may
};

// Those first that promise most bytes: the suspected share, or, without any sign, a third. Not worth reading is what
// was read and has not changed (until half of its time is over), what failed within a day, what no function can read,
// and what is wasted by less than a fifth or by less than a fifth of the floor. `budget` is what may still be read now.
ConfirmationPlan plan_confirmations(const std::vector<Suspect>& suspects, std::int64_t budget,
                                    const BloatOptions& options, WallTime now);

}  // namespace pgvigil
