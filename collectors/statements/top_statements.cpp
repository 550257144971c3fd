#include "collectors/statements/top_statements.h"

#include <algorithm>
#include <unordered_set>

namespace pgvigil {

namespace {

std::vector<const RankedStatement*> first_by(const std::vector<RankedStatement>& statements, std::size_t criterion,
                                             std::size_t count) {
  std::vector<const RankedStatement*> found;
  for (const RankedStatement& statement : statements) {
    if (statement.load.at(criterion) > 0) found.push_back(&statement);
  }
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(std::min(count, found.size()));
  std::partial_sort(found.begin(), middle, found.end(), [criterion](const auto* a, const auto* b) {
    if (a->load.at(criterion) != b->load.at(criterion)) return a->load.at(criterion) > b->load.at(criterion);
    return a->key < b->key;
  });
  found.erase(middle, found.end());
  return found;
}

}  // namespace

StatementLoad load_of(const StatementValues& accrued) {
  using C = StatementCounter;
  return {at(accrued, C::exec_seconds) + at(accrued, C::plan_seconds),
          at(accrued, C::calls),
          at(accrued, C::shared_blocks_read) + at(accrued, C::shared_blocks_written) +
              at(accrued, C::local_blocks_read) + at(accrued, C::local_blocks_written),
          at(accrued, C::temp_blocks_read) + at(accrued, C::temp_blocks_written),
          at(accrued, C::wal_bytes),
          at(accrued, C::rows)};
}

std::vector<StatementKey> rank_statements(const std::vector<RankedStatement>& statements, std::size_t per_criterion,
                                          std::size_t all) {
  std::vector<std::vector<const RankedStatement*>> rankings;
  for (std::size_t criterion = 0; criterion < statement_criteria; ++criterion) {
    rankings.push_back(first_by(statements, criterion, per_criterion));
  }
  std::vector<StatementKey> result;
  std::unordered_set<StatementKey, StatementKeyHash> seen;
  for (std::size_t place = 0; place < per_criterion; ++place) {
    for (const auto& ranking : rankings) {
      if (result.size() >= all) return result;
      if (place < ranking.size() && seen.insert(ranking[place]->key).second) result.push_back(ranking[place]->key);
    }
  }
  return result;
}

TopStatements::Members::iterator TopStatements::longest_out() {
  return std::max_element(members_.begin(), members_.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
}

TopStatements::Change TopStatements::update(const std::vector<StatementKey>& ranking) {
  Change change;
  for (auto& [key, out] : members_) ++out;
  for (const StatementKey& key : ranking) {
    if (const auto member = members_.find(key); member != members_.end()) member->second = 0;
  }
  std::erase_if(members_, [&](const auto& member) {
    if (member.second < leave_after_) return false;
    change.left.push_back(member.first);
    return true;
  });
  for (std::size_t place = 0; place < ranking.size(); ++place) {
    if (members_.contains(ranking[place])) continue;
    if (members_.size() >= all_) {
      const auto weakest = longest_out();
      if (place >= all_ / 2 || weakest == members_.end() || weakest->second == 0) continue;
      change.left.push_back(weakest->first);
      members_.erase(weakest);
    }
    members_.emplace(ranking[place], 0);
    change.entered.push_back(ranking[place]);
  }
  return change;
}

}  // namespace pgvigil
