#include "collectors/statements/ledger.h"

#include <algorithm>
#include <cmath>

namespace pgvigil {

namespace {

void add(StatementValues& sum, const StatementValues& values) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum.at(i) += values.at(i);
}

StatementLedger::Owner owner_of(const StatementKey& key) {
  return {key.user, key.database};
}

}  // namespace

void StatementLedger::observe(const StatementsMoment& moment, std::vector<StatementRow> rows) {
  rows = merge_rows(std::move(rows));
  const bool hidden = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.key.query; });
  const Continuity how = last_ ? continuity(*last_, moment) : Continuity::unrelated;
  const StatementsMoment before = last_.value_or(moment);
  const double elapsed = moment.read_at - before.read_at;
  ++reads_;
  std::vector<Counted> counted;
  counted.reserve(rows.size());
  for (const StatementRow& row : rows) {
    const auto known = known_.find(row.key);
    const StatementRow* previous = known == known_.end() ? nullptr : &known->second.row;
    // Rights that were granted or taken away in between turn old statements into rows that were not there before.
    counted.push_back({row.key, accrued(previous, row, how, before, hidden == last_hidden_)});
    if (how == Continuity::unrelated) {
      known_[row.key] = {row, first_load(row, moment), reads_};
    } else {
      remember(row, counted.back().values, elapsed);
    }
  }
  last_ = moment;
  last_hidden_ = hidden;
  std::erase_if(known_, [this](const auto& item) { return item.second.read != reads_; });
  publish(counted);
  forget_owners();
}

// What those that enter or leave now have counted since the last read goes into the rest: the one's series begins at 0,
// the other's was last seen without it.
void StatementLedger::publish(const std::vector<Counted>& counted) {
  const TopStatements::Change change = top_.update(ranking());
  for (const StatementKey& key : change.left) exported_.erase(key);
  for (const Counted& item : counted) book(item.key, item.values);
  for (const StatementKey& key : change.entered) exported_.emplace(key, StatementValues{});
}

void StatementLedger::book(const StatementKey& key, const StatementValues& values) {
  OwnerTotals& owner = totals_[owner_of(key)];
  owner.unseen = -1;
  add(owner.all, values);
  const auto account = exported_.find(key);
  add(account == exported_.end() ? owner.rest : account->second, values);
}

void StatementLedger::remember(const StatementRow& row, const StatementValues& counted, double elapsed) {
  Known& known = known_[row.key];
  known.row = row;
  known.read = reads_;
  if (elapsed <= 0) return;  // the server's clock was set back
  const double kept = std::exp2(-elapsed / static_cast<double>(limits_.half_life.count()));
  const StatementLoad now = load_of(counted);
  for (std::size_t i = 0; i < now.size(); ++i) {
    known.load.at(i) = known.load.at(i) * kept + now.at(i) / elapsed * (1 - kept);
  }
}

// Until there are two reads, a statement's average is that of all the time it has been counted.
StatementLoad StatementLedger::first_load(const StatementRow& row, const StatementsMoment& moment) const {
  const double since = row.since.value_or(moment.reset_at.value_or(moment.server_started));
  StatementLoad load = load_of(row.values);
  for (double& value : load) value /= std::max(1.0, moment.read_at - since);
  return load;
}

// An owner's series stay for as long as an exported statement's.
void StatementLedger::forget_owners() {
  for (auto& [owner, totals] : totals_) ++totals.unseen;
  std::erase_if(totals_, [this](const auto& item) {
    return item.second.unseen > limits_.leave_after &&
           std::none_of(exported_.begin(), exported_.end(),
                        [&](const auto& account) { return owner_of(account.first) == item.first; });
  });
}

std::vector<StatementKey> StatementLedger::ranking() const {
  std::vector<RankedStatement> statements;
  statements.reserve(known_.size());
  for (const auto& [key, known] : known_) {
    if (key.query) statements.push_back({key, known.load});
  }
  return rank_statements(statements, limits_.per_criterion, limits_.statements);
}

}  // namespace pgvigil
