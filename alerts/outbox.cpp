#include "alerts/outbox.h"

#include <string>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr milliseconds keep_dead_for = std::chrono::hours(24 * 7);

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_micros(std::int64_t count) {
  return WallTime(WallTime::duration(count));
}

// The oldest living message of each alert.
constexpr std::string_view heads =
    "FROM outbox AS head WHERE head.channel = ?1 AND head.dead_at IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM outbox AS earlier WHERE earlier.channel = head.channel AND earlier.alert = head.alert"
    " AND earlier.dead_at IS NULL AND earlier.id < head.id)";

}  // namespace

Outbox::Outbox(LocalStore& store) : store_(store) {
  store_.migrate("outbox", {"CREATE TABLE outbox ("
                            " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                            " channel TEXT NOT NULL,"
                            " alert TEXT NOT NULL,"
                            " body TEXT NOT NULL,"
                            " created_at INTEGER NOT NULL,"
                            " attempts INTEGER NOT NULL DEFAULT 0,"
                            " not_before INTEGER NOT NULL,"
                            " dead_at INTEGER,"
                            " why_dead TEXT)",
                            "CREATE INDEX outbox_order ON outbox (channel, alert, id)"});
}

void Outbox::append(LocalStore::Transaction& transaction, const Notification& notification) {
  transaction.prepare("INSERT INTO outbox (channel, alert, body, created_at, not_before) VALUES (?, ?, ?, ?, ?)")
      .bind(notification.channel)
      .bind(notification.alert)
      .bind(notification.to_json())
      .bind(micros(notification.at))
      .bind(micros(notification.at))
      .step();
}

std::optional<Outbox::Row> Outbox::next(std::string_view channel, WallTime now) {
  while (const auto raw = next_raw(channel, now)) {
    try {
      return Row{raw->id, raw->attempts, raw->created_at, Notification::from_json(raw->body)};
    } catch (const Error& error) {
      log::error("channel {}: message {} in the outbox is given up: {}", channel, raw->id, error.what());
      bury(raw->id, error.what(), now);
    }
  }
  return std::nullopt;
}

std::optional<Outbox::RawRow> Outbox::next_raw(std::string_view channel, WallTime now) {
  std::optional<RawRow> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT id, attempts, created_at, body " + std::string(heads) +
                                     " AND (not_before <= ?2 OR not_before > ?3) ORDER BY not_before, id LIMIT 1");
    query.bind(channel).bind(micros(now)).bind(micros(now + longest_wait));
    if (!query.step()) return;
    result = RawRow{query.integer(0), static_cast<int>(query.integer(1)), from_micros(query.integer(2)), query.text(3)};
  });
  return result;
}

std::optional<WallTime> Outbox::next_due(std::string_view channel) {
  std::optional<WallTime> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT min(not_before) " + std::string(heads));
    query.bind(channel);
    if (query.step() && !query.is_null(0)) result = from_micros(query.integer(0));
  });
  return result;
}

void Outbox::delivered(std::int64_t id) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("DELETE FROM outbox WHERE id = ?").bind(id).step();
  });
}

void Outbox::postpone(std::int64_t id, WallTime until) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("UPDATE outbox SET attempts = attempts + 1, not_before = ? WHERE id = ?")
        .bind(micros(until))
        .bind(id)
        .step();
  });
}

void Outbox::bury(std::int64_t id, std::string_view why, WallTime now) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("UPDATE outbox SET dead_at = ?, why_dead = ? WHERE id = ?")
        .bind(micros(now))
        .bind(why)
        .bind(id)
        .step();
    transaction.prepare("DELETE FROM outbox WHERE dead_at < ?").bind(micros(now - keep_dead_for)).step();
  });
}

Outbox::Backlog Outbox::backlog(std::string_view channel) {
  Backlog result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query =
        transaction.prepare("SELECT count(*), min(created_at) FROM outbox WHERE channel = ? AND dead_at IS NULL");
    query.bind(channel);
    if (!query.step()) return;
    result.pending = query.integer(0);
    if (!query.is_null(1)) result.oldest = from_micros(query.integer(1));
  });
  return result;
}

}  // namespace pgvigil
