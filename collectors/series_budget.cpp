#include "collectors/series_budget.h"

#include <algorithm>
#include <vector>

namespace pgvigil {

std::size_t SeriesBudget::allow(const std::string& task, std::size_t wanted) {
  const std::lock_guard lock(mutex_);
  wanted_[task] = wanted;
  return std::min(wanted, level());
}

// The size that nobody may exceed: it gives away everything when someone is cut (max-min fairness).
std::size_t SeriesBudget::level() const {
  std::vector<std::size_t> sizes;
  for (const auto& entry : wanted_) sizes.push_back(entry.second);
  std::sort(sizes.begin(), sizes.end());
  std::size_t left = most_;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t share = left / (sizes.size() - i);
    if (sizes[i] > share) return share;
    left -= sizes[i];
  }
  return most_;
}

}  // namespace pgvigil
