#include "alerts/outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "alerts/outbox_room.h"
#include "alerts/outbox_schema.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr milliseconds keep_dead_for = std::chrono::hours(24 * 7);
constexpr std::int64_t most_dead = 1000;
constexpr std::int64_t most_memories = 10'000;

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_micros(std::int64_t count) {
  return WallTime(WallTime::duration(count));
}

void remember(LocalStore::Transaction& transaction, const Notification& notification, const std::string& memory) {
  transaction.prepare("INSERT OR REPLACE INTO receiver_memory (channel, key, memory) VALUES (?, ?, ?)")
      .bind(notification.channel)
      .bind(notification.key)
      .bind(memory)
      .step();
  transaction.prepare("DELETE FROM receiver_memory WHERE id <= (SELECT max(id) FROM receiver_memory) - ?")
      .bind(most_memories)
      .step();
}

std::string row_query(std::string_view condition, std::string_view limit) {
  return fmt::format(
      "SELECT outbox.id, revision, attempts, created_at, missed_opening, coalesce(memory, ''), channel, outbox.key, body"
      " FROM outbox LEFT JOIN receiver_memory USING (channel, key)"
      " WHERE channel = ?1 AND {} ORDER BY not_before, outbox.id LIMIT {}",
      condition, limit);
}

// `why` says what is wrong with a message that cannot be read; of such a one channel and key are known.
Outbox::Row read_row(const LocalStore::Statement& query, std::string& why) {
  Outbox::Row row;
  row.id = query.integer(0);
  row.revision = query.integer(1);
  row.attempts = static_cast<int>(query.integer(2));
  row.created_at = from_micros(query.integer(3));
  row.missed_opening = query.integer(4) != 0;
  row.remembered = query.text(5);
  try {
    row.notification = Notification::from_json(query.text(8));
  } catch (const Error& error) {
    why = error.what();
    row.notification.channel = query.text(6);
    row.notification.key = query.text(7);
  }
  return row;
}

// One copy of the row's message for each channel of `to`.
void copy(LocalStore::Transaction& transaction, const Outbox::Row& row, const std::vector<std::string>& to) {
  Notification message = row.notification;
  message.fallback.clear();
  if (row.missed_opening) message.sequence = 1;
  for (const std::string& channel : to) {
    message.channel = channel;
    Outbox::append(transaction, message);
  }
}

// Who took over an earlier message of the key has to hear how it ends. False when nobody did.
bool tell_takers_the_end(LocalStore::Transaction& transaction, const Outbox::Row& row) {
  if (row.notification.kind != Notification::Kind::resolve) return false;
  std::vector<std::string> takers;
  auto query = transaction.prepare("DELETE FROM passed_on WHERE channel = ? AND key = ? RETURNING taker");
  query.bind(row.notification.channel).bind(row.notification.key);
  while (query.step()) takers.push_back(query.text(0));
  Outbox::Row end = row;
  end.missed_opening = false;
  copy(transaction, end, takers);
  return !takers.empty();
}

}  // namespace

Outbox::Outbox(LocalStore& store) : store_(store) {
  const DeliveryLog log(store);
  store_.migrate("outbox", outbox_schema());
}

void Outbox::append(LocalStore::Transaction& transaction, const Notification& notification, const Limits& limits) {
  // What the receiver has not seen yet stays in effect: the wait after a failure, that the opening was missed, and that
  // it is more than a reminder.
  transaction
      .prepare(
          "INSERT INTO outbox (channel, key, resolve, critical, repeat, missed_opening, body, created_at, not_before,"
          " has_fallback) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)"
          " ON CONFLICT (channel, key) DO UPDATE SET revision = revision + 1, resolve = excluded.resolve,"
          " critical = excluded.critical, repeat = min(repeat, excluded.repeat),"
          " missed_opening = max(missed_opening, excluded.missed_opening), body = excluded.body,"
          " has_fallback = excluded.has_fallback, passed_on = 0")
      .bind(notification.channel)
      .bind(notification.key)
      .bind(std::int64_t{notification.kind == Notification::Kind::resolve})
      .bind(std::int64_t{notification.level == Level::critical})
      .bind(std::int64_t{notification.repeat})
      .bind(std::int64_t{notification.sequence <= 1})
      .bind(notification.to_json())
      .bind(micros(notification.at))
      .bind(std::int64_t{!notification.fallback.empty()})
      .step();
  make_room(transaction, limits);
}

std::vector<Outbox::Row> Outbox::next(std::string_view channel, WallTime now, std::size_t limit) {
  while (true) {
    std::vector<Row> rows;
    std::vector<DeliveryAttempt> damage;
    store_.read([&](LocalStore::Transaction& transaction) {
      auto query = transaction.prepare(row_query("(not_before <= ?2 OR not_before > ?3)", "?4"));
      query.bind(channel).bind(micros(now)).bind(micros(now + longest_wait)).bind(static_cast<std::int64_t>(limit));
      while (query.step()) {
        std::string why;
        Row row = read_row(query, why);
        damage.push_back({now, row.notification.channel, row.notification.key, "a damaged message", "dead", 0,
                          why.empty() ? "" : "damaged", why, milliseconds(0)});
        rows.push_back(std::move(row));
      }
    });
    std::vector<Row> good;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (damage[i].detail.empty()) {
        good.push_back(std::move(rows[i]));
        continue;
      }
      log::error("channel {}: message {} in the outbox is given up: {}", channel, rows[i].id, damage[i].detail);
      bury(rows[i], damage[i]);
    }
    if (!good.empty() || rows.empty()) return good;
  }
}

std::vector<Outbox::Row> Outbox::stranded(std::string_view channel, std::size_t limit) {
  std::vector<Row> rows;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(row_query("has_fallback = 1 AND passed_on = 0", "?2"));
    query.bind(channel).bind(static_cast<std::int64_t>(limit));
    while (query.step()) {
      std::string why;
      Row row = read_row(query, why);
      if (why.empty()) rows.push_back(std::move(row));
    }
  });
  return rows;
}

std::optional<WallTime> Outbox::next_due(std::string_view channel) {
  std::optional<WallTime> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT min(not_before) FROM outbox WHERE channel = ?");
    query.bind(channel);
    if (query.step() && !query.is_null(0)) result = from_micros(query.integer(0));
  });
  return result;
}

void Outbox::delivered(const Row& row, const DeliveryAttempt& attempt, const std::optional<std::string>& memory) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    if (memory) remember(transaction, row.notification, *memory);
    tell_takers_the_end(transaction, row);
    // A message that took this one's place while it was under way.
    transaction
        .prepare("UPDATE outbox SET attempts = 0, not_before = 0, missed_opening = 0 WHERE id = ? AND revision <> ?")
        .bind(row.id)
        .bind(row.revision)
        .step();
    transaction.prepare("DELETE FROM outbox WHERE id = ? AND revision = ?").bind(row.id).bind(row.revision).step();
    DeliveryLog::record(transaction, attempt);
  });
}

void Outbox::postpone(const Row& row, WallTime until, const DeliveryAttempt& attempt,
                      const std::optional<std::string>& memory) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    if (memory) remember(transaction, row.notification, *memory);
    transaction.prepare("UPDATE outbox SET attempts = attempts + 1, not_before = ? WHERE id = ?")
        .bind(micros(until))
        .bind(row.id)
        .step();
    DeliveryLog::record(transaction, attempt);
  });
}

void Outbox::bury(const Row& row, const DeliveryAttempt& attempt) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    tell_takers_the_end(transaction, row);
    transaction
        .prepare(
            "INSERT INTO dead_letter (channel, key, body, created_at, dead_at, why)"
            " SELECT channel, key, body, created_at, ?, ? FROM outbox WHERE id = ? AND revision = ?")
        .bind(micros(attempt.at))
        .bind(attempt.detail)
        .bind(row.id)
        .bind(row.revision)
        .step();
    transaction.prepare("DELETE FROM outbox WHERE id = ? AND revision = ?").bind(row.id).bind(row.revision).step();
    transaction.prepare("DELETE FROM dead_letter WHERE dead_at < ? OR id <= (SELECT max(id) FROM dead_letter) - ?")
        .bind(micros(attempt.at - keep_dead_for))
        .bind(most_dead)
        .step();
    DeliveryLog::record(transaction, attempt);
  });
}

void Outbox::pass_on(const Row& row, const std::vector<std::string>& to, const DeliveryAttempt& attempt) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    if (!tell_takers_the_end(transaction, row)) copy(transaction, row, to);
    const bool over = row.notification.kind == Notification::Kind::resolve;
    for (const std::string& taker : over ? std::vector<std::string>() : to) {
      transaction.prepare("INSERT OR IGNORE INTO passed_on VALUES (?, ?, ?)")
          .bind(row.notification.channel)
          .bind(row.notification.key)
          .bind(taker)
          .step();
    }
    transaction.prepare("UPDATE outbox SET passed_on = 1 WHERE id = ? AND revision = ?")
        .bind(row.id)
        .bind(row.revision)
        .step();
    DeliveryLog::record(transaction, attempt);
  });
}

Outbox::Backlog Outbox::backlog(std::string_view channel) const {
  Backlog result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT count(*), min(created_at) FROM outbox WHERE channel = ?");
    query.bind(channel);
    if (!query.step()) return;
    result.pending = query.integer(0);
    if (!query.is_null(1)) result.oldest = from_micros(query.integer(1));
  });
  return result;
}

std::vector<Outbox::DeadLetter> Outbox::dead_letters() const {
  std::vector<DeadLetter> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare(
        "SELECT channel, key, created_at, dead_at, why, body FROM dead_letter ORDER BY id DESC");
    while (query.step()) {
      result.push_back({query.text(0), query.text(1), from_micros(query.integer(2)), from_micros(query.integer(3)),
                        query.text(4), query.text(5)});
    }
  });
  return result;
}

std::map<std::string, std::int64_t> Outbox::evicted() const {
  std::map<std::string, std::int64_t> result;
  for (const std::string& kind : eviction_order()) result[kind] = 0;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT kind, count FROM outbox_evicted");
    while (query.step()) result[query.text(0)] = query.integer(1);
  });
  return result;
}

std::optional<WallTime> Outbox::open_since(std::string_view channel) const {
  std::optional<WallTime> result;
  store_.read([&](LocalStore::Transaction& transaction) {
    auto query = transaction.prepare("SELECT open_since FROM channel_breaker WHERE channel = ?");
    query.bind(channel);
    if (query.step()) result = from_micros(query.integer(0));
  });
  return result;
}

void Outbox::set_open_since(std::string_view channel, std::optional<WallTime> since) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("DELETE FROM channel_breaker WHERE channel = ?").bind(channel).step();
    if (!since) return;
    transaction.prepare("INSERT INTO channel_breaker VALUES (?, ?)").bind(channel).bind(micros(*since)).step();
  });
}

}  // namespace pgvigil
