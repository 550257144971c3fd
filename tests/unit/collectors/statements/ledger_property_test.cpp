// Random histories of a server: statements run, are evicted, come back, are reset one by one or all at once, and the
// server restarts. Whatever happens, no series goes back and nothing is lost or counted twice.

#include <gtest/gtest.h>

#include <random>

#include "collectors/statements/ledger.h"

namespace pgvigil {
namespace {

using C = StatementCounter;

// pg_stat_statements of a server, and what of it a reader who comes from time to time can know.
class Server {
 public:
  Server(unsigned seed, bool tells_since, bool tells_resets)
      : random_(seed), tells_since_(tells_since), tells_resets_(tells_resets) {}

  void live() {
    now_ += 1 + static_cast<double>(pick(60));
    if (pick(25) == 0) forget_all();
    if (pick(40) == 0) started_ = now_ - 0.5;  // a restart, in which statistics are kept
    for (std::uint64_t evictions = pick(4); evictions > 0 && !statements_.empty(); --evictions) {
      statements_.erase(std::next(statements_.begin(), static_cast<std::ptrdiff_t>(pick(statements_.size()))));
      evicted_ = true;
    }
    // Without stats_since a statement that is evicted and comes back with more than before cannot be recognised: then
    // histories are tried in which it comes back only after a read.
    if (evicted_ && !tells_since_) return;
    for (std::uint64_t runs = pick(60); runs > 0; --runs) execute();
  }

  StatementsMoment moment() const { return {now_, started_, tells_resets_ ? std::optional(reset_) : std::nullopt}; }

  std::vector<StatementRow> rows() {
    std::vector<StatementRow> rows;
    for (auto& [key, statement] : statements_) {
      for (std::size_t i = 0; i < statement_counters; ++i) known_[key.user].at(i) += statement.unread.at(i);
      statement.unread = {};
      rows.push_back({key, statement.values, tells_since_ ? std::optional(statement.since) : std::nullopt, false});
    }
    std::shuffle(rows.begin(), rows.end(), random_);
    evicted_ = false;
    return rows;
  }

  // What was counted and could be read, by user.
  const std::map<std::uint32_t, StatementValues>& known() const { return known_; }

 private:
  struct Statement {
    StatementValues values{};
    StatementValues unread{};
    double since = 0;
  };

  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }

  void forget_all() {
    statements_.clear();
    reset_ = now_ - 0.25;
    evicted_ = evicted_ || !tells_resets_;
  }

  void execute() {
    const std::uint64_t popular = std::min({pick(120), pick(120), pick(120)});
    const StatementKey key{static_cast<std::uint32_t>(10 + popular % 3), 5, static_cast<std::int64_t>(popular),
                           popular % 7 != 0};
    const auto [found, is_new] = statements_.try_emplace(key);
    if (is_new) found->second.since = now_ - 0.125;
    for (const C counter : {C::calls, C::rows, C::wal_bytes, C::exec_seconds, C::temp_blocks_written}) {
      const double amount = counter == C::calls ? 1 : static_cast<double>(pick(1000));
      at(found->second.values, counter) += amount;
      at(found->second.unread, counter) += amount;
    }
  }

  std::mt19937_64 random_;
  bool tells_since_;
  bool tells_resets_;
  double now_ = 1000;
  double started_ = 500;
  double reset_ = 600;
  bool evicted_ = false;
  std::map<StatementKey, Statement> statements_;
  std::map<std::uint32_t, StatementValues> known_;
};

bool below(const StatementValues& a, const StatementValues& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.at(i) < b.at(i)) return true;
  }
  return false;
}

StatementValues plus(StatementValues a, const StatementValues& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a.at(i) += b.at(i);
  return a;
}

StatementValues found(const std::map<std::uint32_t, StatementValues>& values, std::uint32_t user) {
  const auto found = values.find(user);
  return found == values.end() ? StatementValues{} : found->second;
}

// What Prometheus sees: series that appear, grow and vanish.
class Observer {
 public:
  void look(const StatementLedger& ledger) {
    for (const auto& [key, values] : ledger.exported()) {
      const auto before = series_.find(key);
      if (before == series_.end()) {
        EXPECT_EQ(values, StatementValues{}) << "a series began above 0";
      } else {
        EXPECT_FALSE(below(values, before->second)) << "a series went back";
      }
    }
    for (const auto& [key, values] : series_) {
      if (!ledger.exported().contains(key)) gone_[key.user] = plus(gone_[key.user], values);
    }
    series_ = ledger.exported();
    for (const auto& [owner, before] : totals_) {
      const auto now = ledger.totals().find(owner);
      if (now == ledger.totals().end()) {
        gone_[owner.first] = plus(gone_[owner.first], before.rest);
        gone_sums_[owner.first] = plus(gone_sums_[owner.first], before.all);
        continue;
      }
      EXPECT_FALSE(below(now->second.rest, before.rest)) << "the rest went back";
      EXPECT_FALSE(below(now->second.all, before.all)) << "a sum went back";
    }
    totals_ = ledger.totals();
  }

  // The increases of all series of a user, those that are gone included.
  StatementValues increases(std::uint32_t user) const {
    StatementValues sum = found(gone_, user);
    for (const auto& [key, values] : series_) {
      if (key.user == user) sum = plus(sum, values);
    }
    for (const auto& [owner, totals] : totals_) {
      if (owner.first == user) sum = plus(sum, totals.rest);
    }
    return sum;
  }

  StatementValues sum(std::uint32_t user) const {
    const auto totals = totals_.find({user, 5});
    return totals == totals_.end() ? found(gone_sums_, user) : plus(found(gone_sums_, user), totals->second.all);
  }

  std::size_t departures() const { return gone_.size(); }

 private:
  std::map<StatementKey, StatementValues> series_;
  std::map<StatementLedger::Owner, StatementLedger::OwnerTotals> totals_;
  std::map<std::uint32_t, StatementValues> gone_;
  std::map<std::uint32_t, StatementValues> gone_sums_;
};

struct Kind {
  bool tells_since;
  bool tells_resets;
};

class RandomHistories : public testing::TestWithParam<Kind> {};

TEST_P(RandomHistories, NoSeriesGoesBackAndSumsAreExact) {
  std::size_t departures = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Server server(seed, GetParam().tells_since, GetParam().tells_resets);
    StatementLedger ledger({4, 12, 1 + static_cast<int>(seed % 5), std::chrono::seconds(120)});
    Observer observer;
    for (int i = 0; i < 5; ++i) server.live();
    ledger.observe(server.moment(), server.rows());
    const auto at_start = server.known();
    observer.look(ledger);
    for (int read = 0; read < 120; ++read) {
      server.live();
      ledger.observe(server.moment(), server.rows());
      observer.look(ledger);
      EXPECT_LE(ledger.exported().size(), 12U);
      EXPECT_LE(ledger.known(), 120U);
    }
    for (const auto& [user, known] : server.known()) {
      const StatementValues expected = plus(found(at_start, user), observer.sum(user));
      EXPECT_EQ(expected, known) << "a sum is not what the server counted";
      EXPECT_EQ(observer.increases(user), observer.sum(user)) << "increases are not what the server counted";
    }
    departures += observer.departures();
    if (HasFailure()) return;
  }
  EXPECT_GT(departures, 0U) << "the histories are too quiet";
}

INSTANTIATE_TEST_SUITE_P(OfEachExtension, RandomHistories,
                         testing::Values(Kind{true, true}, Kind{false, true}, Kind{false, false}));

}  // namespace
}  // namespace pgvigil
