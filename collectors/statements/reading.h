#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "collectors/statements/columns.h"

namespace pgvigil {

// What a row of pg_stat_statements is about.
struct StatementKey {
  std::uint32_t user = 0;
  std::uint32_t database = 0;
  std::optional<std::int64_t> query;  // nullopt: the role may not see which one, and there may be many
  bool toplevel = true;

  bool operator==(const StatementKey&) const = default;
  bool operator<(const StatementKey& other) const {
    return std::tie(user, database, query, toplevel) <
           std::tie(other.user, other.database, other.query, other.toplevel);
  }
};

struct StatementKeyHash {
  std::size_t operator()(const StatementKey& key) const {
    std::uint64_t hash = static_cast<std::uint64_t>(key.query.value_or(0)) * 0x9E3779B97F4A7C15U;
    hash ^= (static_cast<std::uint64_t>(key.user) << 32U | key.database) * 0xC2B2AE3D27D4EB4FU;
    return static_cast<std::size_t>(hash ^ (hash >> 29U) ^ (key.toplevel ? 1U : 0U));
  }
};

// A row as it was read.
struct StatementRow {
  StatementKey key;
  StatementValues values{};
  std::optional<double> since;  // when the server began to count it; extension 1.11
  bool merged = false;          // it sums up rows that cannot be told apart
};

// What tells a server's statistics from another's; seconds since the epoch by the server's clock.
struct StatementsMoment {
  double read_at = 0;
  double server_started = 0;
  std::optional<double> reset_at;  // when all statements were last forgotten; extension 1.9
};

// How what is read now goes with what was read before.
enum class Continuity {
  continues,
  reset,      // all statements were forgotten in between
  unrelated,  // another server answers, or statistics were lost in a crash: there is nothing to compare with
};
Continuity continuity(const StatementsMoment& before, const StatementsMoment& now);

// Rows of one key are summed up: hidden ones, and those that extension 1.8 cannot tell apart on a server that counts
// nested statements separately. In the order of their keys.
std::vector<StatementRow> merge_rows(std::vector<StatementRow> rows);

// What was counted for a row since the read before. `previous` is its row then, nullptr when there was none; `new_rows`
// is false when a row that was not seen before may be an old one (it was hidden). A row that begins again counts from
// 0; when that is not certain nothing is counted rather than something twice.
StatementValues accrued(const StatementRow* previous, const StatementRow& now, Continuity continuity,
                        const StatementsMoment& before, bool new_rows);

}  // namespace pgvigil
