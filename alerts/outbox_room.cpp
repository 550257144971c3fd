#include "alerts/outbox_room.h"

#include <algorithm>

#include "core/log.h"

namespace pgvigil {

namespace {

// The place of a row in eviction_order(), 4 when it stays. An attempt whose outcome is unknown may have arrived, so the
// end of that is owed.
constexpr std::string_view rank =
    "CASE WHEN repeat = 1 AND resolve = 0 THEN 0"
    " WHEN critical = 1 THEN 4"
    " WHEN resolve = 0 AND missed_opening = 0 THEN 1"
    " WHEN resolve = 1 AND missed_opening = 1 AND attempts = 0 AND passed_on = 0 THEN 2"
    " WHEN resolve = 0 THEN 3"
    " ELSE 4 END";

bool full(LocalStore::Transaction& transaction, const Outbox::Limits& limits) {
  auto size = transaction.prepare("SELECT rows, bytes FROM outbox_size");
  return size.step() && (size.integer(0) > limits.rows || size.integer(1) > limits.bytes);
}

// How many of each kind were removed.
std::vector<std::int64_t> remove(LocalStore::Transaction& transaction, std::int64_t count) {
  const std::string ranked(rank);
  auto removal = transaction.prepare("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE " + ranked +
                                     " < 4 ORDER BY " + ranked + ", id LIMIT ?) RETURNING " + ranked);
  removal.bind(count);
  std::vector<std::int64_t> removed(eviction_order().size());
  while (removal.step()) ++removed[static_cast<std::size_t>(removal.integer(0))];
  return removed;
}

}  // namespace

const std::vector<std::string>& eviction_order() {
  static const std::vector<std::string> order{"reminder", "change", "resolve", "trigger"};
  return order;
}

void make_room(LocalStore::Transaction& transaction, const Outbox::Limits& limits) {
  while (full(transaction, limits)) {
    const auto removed = remove(transaction, std::max<std::int64_t>(1, limits.rows / 100));
    std::int64_t total = 0;
    for (std::size_t i = 0; i < removed.size(); ++i) {
      total += removed[i];
      if (removed[i] == 0) continue;
      transaction
          .prepare(
              "INSERT INTO outbox_evicted VALUES (?, ?)"
              " ON CONFLICT (kind) DO UPDATE SET count = count + excluded.count")
          .bind(eviction_order()[i])
          .bind(removed[i])
          .step();
    }
    if (total == 0) return;
    log::warn("the queue of messages is full: {} of the least urgent were dropped", total);
  }
}

}  // namespace pgvigil
