#include "collectors/statements/reading.h"

#include <algorithm>

namespace pgvigil {

namespace {

bool went_back(const StatementValues& before, const StatementValues& now) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now.at(i) < before.at(i)) return true;
  }
  return false;
}

StatementValues difference(const StatementValues& now, const StatementValues& before) {
  StatementValues result{};
  for (std::size_t i = 0; i < now.size(); ++i) result.at(i) = now.at(i) - before.at(i);
  return result;
}

}  // namespace

Continuity continuity(const StatementsMoment& before, const StatementsMoment& now) {
  // A server that is not the same and was running already when we last read: a failover behind one address.
  if (now.server_started != before.server_started && now.server_started <= before.read_at) return Continuity::unrelated;
  if (now.reset_at == before.reset_at) return Continuity::continues;
  if (!now.reset_at || !before.reset_at) return Continuity::unrelated;
  return *now.reset_at > before.read_at ? Continuity::reset : Continuity::unrelated;
}

std::vector<StatementRow> merge_rows(std::vector<StatementRow> rows) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].key != rows[last].key) {
      if (++last != i) rows[last] = rows[i];
      continue;
    }
    for (std::size_t c = 0; c < statement_counters; ++c) rows[last].values.at(c) += rows[i].values.at(c);
    rows[last].merged = true;
    rows[last].since.reset();
  }
  if (!rows.empty()) rows.resize(last + 1);
  return rows;
}

StatementValues accrued(const StatementRow* previous, const StatementRow& now, Continuity continuity,
                        const StatementsMoment& before, bool new_rows) {
  if (continuity == Continuity::unrelated) return {};
  if (continuity == Continuity::reset) return now.values;
  if (previous == nullptr) {
    const bool older = !new_rows || (now.since && *now.since <= before.read_at);
    return older ? StatementValues{} : now.values;
  }
  if (now.since && previous->since && *now.since != *previous->since) {
    return *now.since > *previous->since ? now.values : StatementValues{};
  }
  if (!went_back(previous->values, now.values)) return difference(now.values, previous->values);
  // One of several rows was evicted: how much the others grew is not known.
  const bool ambiguous = now.merged || previous->merged || !now.key.query;
  return ambiguous ? StatementValues{} : now.values;
}

}  // namespace pgvigil
