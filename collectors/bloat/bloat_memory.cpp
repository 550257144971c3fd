#include "collectors/bloat/bloat_memory.h"

namespace pgvigil {

namespace {

constexpr auto forgotten_after = std::chrono::hours(30 * 24);

const std::vector<std::string>& schema() {
  static const std::vector<std::string> steps{
      "CREATE TABLE bloat_baseline (database TEXT NOT NULL, name TEXT NOT NULL, file INTEGER NOT NULL,"
      " table_file INTEGER NOT NULL, pages_per_row REAL NOT NULL, anchored INTEGER NOT NULL, seen INTEGER NOT NULL,"
      " PRIMARY KEY (database, name)) WITHOUT ROWID",
      "CREATE TABLE bloat_confirmation (database TEXT NOT NULL, name TEXT NOT NULL, file INTEGER NOT NULL,"
      " pages REAL NOT NULL, rows REAL NOT NULL, wasted REAL, method TEXT NOT NULL, read_bytes INTEGER NOT NULL,"
      " measured INTEGER NOT NULL, PRIMARY KEY (database, name)) WITHOUT ROWID",
  };
  return steps;
}

std::int64_t to_column(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime to_time(std::int64_t column) {
  return WallTime(std::chrono::microseconds(column));
}

Confirmation read_confirmation(const LocalStore::Statement& row) {
  Confirmation confirmation;
  confirmation.file = row.integer(1);
  confirmation.pages = row.number(2);
  confirmation.rows = row.number(3);
  if (!row.is_null(4)) confirmation.wasted = row.number(4);
  confirmation.method = row.text(5);
  confirmation.read_bytes = row.integer(6);
  confirmation.measured_at = to_time(row.integer(7));
  return confirmation;
}

}  // namespace

BloatMemory::BloatMemory(LocalStore& store) : store_(store) {
  store_.migrate("bloat", schema());
}

DatabaseBloatMemory BloatMemory::recall(const std::string& database) const {
  DatabaseBloatMemory memory;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto baseline = transaction.prepare(
        "SELECT name, file, table_file, pages_per_row, anchored, seen FROM bloat_baseline WHERE database = ?");
    baseline.bind(database);
    while (baseline.step()) {
      memory.baselines[baseline.text(0)] = {baseline.integer(1), baseline.integer(2), baseline.number(3),
                                            baseline.integer(4) != 0, to_time(baseline.integer(5))};
    }
    auto confirmation = transaction.prepare(
        "SELECT name, file, pages, rows, wasted, method, read_bytes, measured FROM bloat_confirmation"
        " WHERE database = ?");
    confirmation.bind(database);
    while (confirmation.step()) memory.confirmations[confirmation.text(0)] = read_confirmation(confirmation);
  });
  return memory;
}

void BloatMemory::remember(const std::string& database, const DatabaseBloatMemory& memory, WallTime now) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    for (const auto& [name, baseline] : memory.baselines) {
      transaction.prepare("INSERT OR REPLACE INTO bloat_baseline VALUES (?, ?, ?, ?, ?, ?, ?)")
          .bind(database)
          .bind(name)
          .bind(baseline.file)
          .bind(baseline.table_file)
          .bind(baseline.pages_per_row)
          .bind(std::int64_t{baseline.anchored})
          .bind(to_column(baseline.seen_at))
          .step();
    }
    for (const auto& [name, confirmation] : memory.confirmations) {
      transaction.prepare("INSERT OR REPLACE INTO bloat_confirmation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(database)
          .bind(name)
          .bind(confirmation.file)
          .bind(confirmation.pages)
          .bind(confirmation.rows)
          .bind(confirmation.wasted)
          .bind(confirmation.method)
          .bind(confirmation.read_bytes)
          .bind(to_column(confirmation.measured_at))
          .step();
    }
    for (const char* statement :
         {"DELETE FROM bloat_baseline WHERE seen < ?", "DELETE FROM bloat_confirmation WHERE measured < ?"}) {
      transaction.prepare(statement).bind(to_column(now - forgotten_after)).step();
    }
  });
}

std::int64_t BloatMemory::bytes_read_since(WallTime since) const {
  std::int64_t bytes = 0;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto sum = transaction.prepare("SELECT coalesce(sum(read_bytes), 0) FROM bloat_confirmation WHERE measured > ?");
    sum.bind(to_column(since));
    if (sum.step()) bytes = sum.integer(0);
  });
  return bytes;
}

}  // namespace pgvigil
