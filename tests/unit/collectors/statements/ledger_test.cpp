#include "collectors/statements/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collectors/statements/report.h"

namespace pgvigil {
namespace {

using C = StatementCounter;

StatementRow row(std::int64_t query, double calls, double milliseconds = 0) {
  StatementRow result{{10, 5, query, true}, {}, {}, false};
  at(result.values, C::calls) = calls;
  at(result.values, C::exec_seconds) = milliseconds;
  return result;
}

class Ledger : public testing::Test {
 protected:
  void read(std::vector<StatementRow> rows) {
    now_ += 30;
    ledger_.observe({now_, 50, 60}, std::move(rows));
  }
  std::optional<double> series(std::int64_t query) const {
    const auto account = ledger_.exported().find({10, 5, query, true});
    if (account == ledger_.exported().end()) return std::nullopt;
    return at(account->second, C::calls);
  }
  double rest() const { return at(ledger_.totals().at({10, 5}).rest, C::calls); }
  double all() const { return at(ledger_.totals().at({10, 5}).all, C::calls); }

  StatementLedger ledger_{{1, 2, 2, std::chrono::seconds(60)}};  // the first by each criterion, two in all
  double now_ = 1000;
};

TEST_F(Ledger, BeginsToCountWithTheFirstRead) {
  read({row(1, 1000), row(2, 10)});
  EXPECT_EQ(series(1), 0);  // the busiest so far has a series already
  EXPECT_EQ(series(2), std::nullopt);
  EXPECT_EQ(all(), 0);
  read({row(1, 1005), row(2, 11)});
  EXPECT_EQ(series(1), 5);
  EXPECT_EQ(rest(), 1);
  EXPECT_EQ(all(), 6);
}

TEST_F(Ledger, AStatementThatEntersStartsAtZeroAndTheRestKeepsWhatItHad) {
  read({row(1, 1000), row(2, 10)});
  read({row(1, 1000), row(2, 500)});
  EXPECT_EQ(series(2), 0);
  EXPECT_EQ(rest(), 490);
  read({row(1, 1000), row(2, 600)});
  EXPECT_EQ(series(2), 100);
  EXPECT_EQ(rest(), 490);
  EXPECT_EQ(all(), 590);
}

TEST_F(Ledger, AStatementThatLeavesMovesNothingIntoTheRest) {
  read({row(1, 1000), row(2, 10)});
  read({row(1, 1100), row(2, 10)});
  for (int i = 1; i <= 6; ++i) read({row(1, 1100), row(2, 10 + 1000.0 * i)});
  EXPECT_EQ(series(1), std::nullopt);
  EXPECT_EQ(rest(), 1000);  // what 2 did before it entered
  EXPECT_EQ(all(), 6100);
}

TEST_F(Ledger, EvictionsAndResetsMoveNothingBack) {
  read({row(1, 1000)});
  read({row(1, 1010)});
  read({});           // evicted
  read({row(1, 4)});  // and back
  EXPECT_EQ(series(1), 14);
  now_ += 30;
  ledger_.observe({now_, 50, now_ - 10}, {row(1, 90)});  // all were forgotten; more since than there were before
  EXPECT_EQ(series(1), 104);
}

TEST_F(Ledger, ForgetsOwnersWhoseStatementsAreLongGone) {
  read({row(1, 1000)});
  for (int i = 0; i < 3; ++i) read({});
  EXPECT_TRUE(ledger_.exported().empty());
  EXPECT_TRUE(ledger_.totals().empty());
  EXPECT_EQ(ledger_.known(), 0U);
}

TEST_F(Ledger, HiddenStatementsAreInTheRestOnly) {
  StatementRow hidden = row(0, 50);
  hidden.key.query.reset();
  read({hidden});
  at(hidden.values, C::calls) = 53;
  read({hidden});
  EXPECT_TRUE(ledger_.exported().empty());
  EXPECT_EQ(rest(), 3);
}

TEST_F(Ledger, RightsThatAreGrantedMakeNothingHappenTwice) {
  StatementRow hidden = row(0, 50);
  hidden.key.query.reset();
  read({hidden});
  read({row(1, 30), row(2, 20)});
  EXPECT_EQ(all(), 0);
  read({row(1, 31), row(2, 20), row(3, 7)});
  EXPECT_EQ(all(), 8);
}

TEST_F(Ledger, AFailoverToAServerWithAHistoryOfItsOwnCountsNothing) {
  read({row(1, 10)});
  ledger_.observe({now_ + 30, 40, 45}, {row(1, 900000), row(7, 1000)});
  EXPECT_EQ(all(), 0);
  ledger_.observe({now_ + 60, 40, 45}, {row(1, 900001), row(7, 1001)});
  EXPECT_EQ(all(), 2);
}

TEST_F(Ledger, AveragesDecaySoThatTheRecentlyBusyLead) {
  read({row(1, 100000), row(2, 0)});
  for (int i = 1; i <= 25; ++i) read({row(1, 100000), row(2, 5.0 * i)});
  EXPECT_NE(series(2), std::nullopt);
  EXPECT_EQ(series(1), std::nullopt);
}

TEST_F(Ledger, IsReportedInSecondsWithNamesAndTheRestAsOther) {
  read({row(1, 10, 100), row(2, 5, 10)});
  read({row(1, 12, 2100), row(2, 6, 510)});
  OwnerNames names;
  names.users[10] = "app";  // the database was dropped
  const auto families = statement_families(ledger_, {C::calls, C::exec_seconds}, names, false);
  EXPECT_EQ(families.size(), statement_counters + 3);
  const auto seconds_family = std::find_if(families.begin(), families.end(), [](const Family& family) {
    return family.name == "pg_stat_statements_seconds_total";
  });
  ASSERT_NE(seconds_family, families.end());
  std::map<std::string, double> shown;
  for (const auto& sample : seconds_family->samples) {
    EXPECT_EQ(sample.label_values[0], "app");
    EXPECT_EQ(sample.label_values[1], "5");
    shown[sample.label_values[2] + "/" + sample.label_values[3]] = sample.value;
  }
  EXPECT_EQ(shown, (std::map<std::string, double>{{"1/true", 2}, {"other/", 0.5}}));
  for (const Family& family : families) {
    EXPECT_EQ(family.samples.empty(), family.name == "pg_stat_statements_wal_bytes_total" ||
                                          (family.name.find("calls") == std::string::npos &&
                                           family.name.find("_seconds_total") == std::string::npos &&
                                           family.name.find("_all_") == std::string::npos) ||
                                          family.name.find("plan_seconds") != std::string::npos ||
                                          family.name.find("block_") != std::string::npos ||
                                          family.name.find("jit_seconds") != std::string::npos)
        << family.name;
  }
}

}  // namespace
}  // namespace pgvigil
