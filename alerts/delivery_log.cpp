#include "alerts/delivery_log.h"

#include <fmt/format.h>

namespace pgvigil {

DeliveryLog::DeliveryLog(LocalStore& store) {
  store.migrate("delivery_log", {"CREATE TABLE delivery_attempt ("
                                 " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                 " at INTEGER NOT NULL,"
                                 " channel TEXT NOT NULL,"
                                 " key TEXT NOT NULL,"
                                 " about TEXT NOT NULL,"
                                 " outcome TEXT NOT NULL,"
                                 " status INTEGER NOT NULL,"
                                 " reason TEXT NOT NULL,"
                                 " detail TEXT NOT NULL,"
                                 " duration_ms INTEGER NOT NULL)"});
}

void DeliveryLog::record(LocalStore::Transaction& transaction, const DeliveryAttempt& attempt) {
  transaction
      .prepare(
          "INSERT INTO delivery_attempt (at, channel, key, about, outcome, status, reason, detail, duration_ms)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(std::int64_t{attempt.at.time_since_epoch().count()})
      .bind(attempt.channel)
      .bind(attempt.key)
      .bind(attempt.about)
      .bind(attempt.outcome)
      .bind(std::int64_t{attempt.status})
      .bind(attempt.reason)
      .bind(attempt.detail)
      .bind(std::int64_t{attempt.duration.count()})
      .step();
  transaction
      .prepare("DELETE FROM delivery_attempt WHERE id <= (SELECT max(id) FROM delivery_attempt) - ?")
      .bind(kept)
      .step();
}

std::vector<DeliveryAttempt> DeliveryLog::recent(const LocalStore& store, std::size_t limit, std::string_view channel) {
  std::vector<DeliveryAttempt> result;
  store.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT at, channel, key, about, outcome, status, reason, detail, duration_ms FROM delivery_attempt"
        " WHERE ?1 = '' OR channel = ?1 ORDER BY id DESC LIMIT ?2");
    query.bind(channel).bind(static_cast<std::int64_t>(limit));
    while (query.step()) {
      result.push_back({WallTime(WallTime::duration(query.integer(0))), query.text(1), query.text(2), query.text(3),
                        query.text(4), static_cast<long>(query.integer(5)), query.text(6), query.text(7),
                        milliseconds(query.integer(8))});
    }
  });
  return result;
}

}  // namespace pgvigil
