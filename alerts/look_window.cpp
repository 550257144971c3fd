#include "alerts/look_window.h"

#include <algorithm>
#include <bit>

namespace pgvigil {

Truth LookWindow::add(Truth seen, const MOfN& rule) {
  if (seen == Truth::unknown) return seen;
  const std::uint64_t mask = ~std::uint64_t{0} >> (MOfN::longest - rule.n);
  trues = ((trues << 1U) | (seen == Truth::yes ? 1U : 0U)) & mask;
  known = std::min(known + 1, rule.n);
  const int yes = std::popcount(trues);
  if (yes >= rule.m) return Truth::yes;
  return known - yes > rule.n - rule.m ? Truth::no : Truth::unknown;
}

}  // namespace pgvigil
