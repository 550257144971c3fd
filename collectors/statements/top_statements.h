#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "collectors/statements/reading.h"

namespace pgvigil {

// What statements are ranked by: time, calls, I/O, temporary files, WAL, rows. Each is a decayed average per second.
constexpr std::size_t statement_criteria = 6;
using StatementLoad = std::array<double, statement_criteria>;

StatementLoad load_of(const StatementValues& accrued);

struct RankedStatement {
  StatementKey key;
  StatementLoad load{};
};

// The first `per_criterion` by each criterion, the most important first (every criterion's first, every criterion's
// second, …), at most `all`. What is 0 is in no ranking.
std::vector<StatementKey> rank_statements(const std::vector<RankedStatement>& statements, std::size_t per_criterion,
                                          std::size_t all);

// Which statements have series of their own. Never more than `all`; one that is no longer in the ranking leaves only
// after `leave_after` updates in a row, so that series do not come and go at the ranking's edge. While all places are
// taken, one of the ranking's first half takes the place of who has been out longest, others wait.
class TopStatements {
 public:
  TopStatements(std::size_t all, int leave_after) : all_(all), leave_after_(leave_after) {}

  struct Change {
    std::vector<StatementKey> entered;
    std::vector<StatementKey> left;
  };
  Change update(const std::vector<StatementKey>& ranking);

 private:
  using Members = std::map<StatementKey, int>;  // how many updates ago it was last in the ranking
  Members::iterator longest_out();

  std::size_t all_;
  int leave_after_;
  Members members_;
};

}  // namespace pgvigil
