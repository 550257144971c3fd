#pragma once

#include <cstdint>

#include "alerts/truth.h"

namespace pgvigil {

// "3/5": a condition counts as true when m of the last n looks were true. 1 <= m <= n <= longest.
struct MOfN {
  static constexpr int longest = 64;
  int m = 1;
  int n = 1;
  bool operator==(const MOfN&) const = default;
};

// The newest looks at one condition that had an answer. A value, part of an alert's state.
struct LookWindow {
  std::uint64_t trues = 0;  // bit 0 is the newest look
  int known = 0;            // how many looks are remembered: at most n

  // Takes a look and says what the condition counts as: unknown when this look is, and while so few looks are known
  // that the next ones still decide. A look without an answer is not remembered and pushes nothing out.
  Truth add(Truth seen, const MOfN& rule);

  bool operator==(const LookWindow&) const = default;
};

}  // namespace pgvigil
