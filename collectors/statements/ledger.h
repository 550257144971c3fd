#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/statements/reading.h"
#include "collectors/statements/top_statements.h"

namespace pgvigil {

// The agent's own counters of statements, made of what each read of pg_stat_statements shows more than the one before.
// They only grow, whatever the server does: a reset, an eviction and a statement that comes back only lose what was
// counted between the last read and that moment. The first read is where counting begins.
//
// A statement that enters the exported ones starts a series at 0; what it counted before has gone into the rest and
// stays there. One that leaves takes its series with it: moved into the rest, its whole count would look like work done
// at that moment. So increases are exact over all series, and totals() also keeps what left.
//
// No I/O. Memory goes with the statements that the last read showed: one that is gone is forgotten, and a new one when
// it comes back. One thread at a time.
class StatementLedger {
 public:
  struct Limits {
    std::size_t per_criterion = 50;
    std::size_t statements = 200;
    int leave_after = 20;                    // reads
    std::chrono::seconds half_life{5 * 60};  // of the averages that statements are ranked by
  };
  using Owner = std::pair<std::uint32_t, std::uint32_t>;  // user, database
  struct OwnerTotals {
    StatementValues rest{};  // of the statements without series of their own
    StatementValues all{};   // of all, those that left included
    int unseen = 0;          // reads in a row without a statement
  };

  explicit StatementLedger(const Limits& limits) : limits_(limits), top_(limits.statements, limits.leave_after) {}

  void observe(const StatementsMoment& moment, std::vector<StatementRow> rows);

  const std::map<StatementKey, StatementValues>& exported() const { return exported_; }
  const std::map<Owner, OwnerTotals>& totals() const { return totals_; }
  std::size_t known() const { return known_.size(); }

 private:
  struct Known {
    StatementRow row;
    StatementLoad load{};
    std::uint64_t read = 0;
  };
  struct Counted {
    StatementKey key;
    StatementValues values{};
  };
  void publish(const std::vector<Counted>& counted);
  void book(const StatementKey& key, const StatementValues& values);
  void remember(const StatementRow& row, const StatementValues& counted, double elapsed);
  StatementLoad first_load(const StatementRow& row, const StatementsMoment& moment) const;
  void forget_owners();
  std::vector<StatementKey> ranking() const;

  Limits limits_;
  TopStatements top_;
  std::optional<StatementsMoment> last_;
  bool last_hidden_ = false;  // the last read had rows whose identity the role may not see
  std::uint64_t reads_ = 0;
  std::unordered_map<StatementKey, Known, StatementKeyHash> known_;  // the rows of the last read
  std::map<StatementKey, StatementValues> exported_;
  std::map<Owner, OwnerTotals> totals_;
};

}  // namespace pgvigil
