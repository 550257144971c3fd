#include "alerts/outbox_schema.h"

namespace pgvigil {

const std::vector<std::string>& outbox_schema() {
  static const std::vector<std::string> steps{
      "CREATE TABLE outbox ("
      " id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " channel TEXT NOT NULL,"
      " alert TEXT NOT NULL,"
      " body TEXT NOT NULL,"
      " created_at INTEGER NOT NULL,"
      " attempts INTEGER NOT NULL DEFAULT 0,"
      " not_before INTEGER NOT NULL,"
      " dead_at INTEGER,"
      " why_dead TEXT)",
      "CREATE INDEX outbox_order ON outbox (channel, alert, id)",
      "ALTER TABLE outbox RENAME TO outbox_1",
      "DROP INDEX outbox_order",
      "CREATE TABLE outbox ("
      " id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " channel TEXT NOT NULL,"
      " key TEXT NOT NULL,"
      " revision INTEGER NOT NULL DEFAULT 1,"
      " resolve INTEGER NOT NULL,"
      " critical INTEGER NOT NULL,"
      " repeat INTEGER NOT NULL,"
      " missed_opening INTEGER NOT NULL,"
      " body TEXT NOT NULL,"
      " created_at INTEGER NOT NULL,"
      " attempts INTEGER NOT NULL DEFAULT 0,"
      " not_before INTEGER NOT NULL,"
      " has_fallback INTEGER NOT NULL,"
      " passed_on INTEGER NOT NULL DEFAULT 0,"
      " UNIQUE (channel, key))",
      "CREATE INDEX outbox_order ON outbox (channel, not_before, id)",
      // Kept by triggers: counting ten thousand rows for each that is added would make a storm slower.
      "CREATE TABLE outbox_size (rows INTEGER NOT NULL, bytes INTEGER NOT NULL)",
      "INSERT INTO outbox_size VALUES (0, 0)",
      "CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN"
      " UPDATE outbox_size SET rows = rows + 1, bytes = bytes + length(new.body); END",
      "CREATE TRIGGER outbox_changed AFTER UPDATE OF body ON outbox BEGIN"
      " UPDATE outbox_size SET bytes = bytes + length(new.body) - length(old.body); END",
      "CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN"
      " UPDATE outbox_size SET rows = rows - 1, bytes = bytes - length(old.body); END",
      "CREATE TABLE outbox_evicted (kind TEXT PRIMARY KEY, count INTEGER NOT NULL)",
      "CREATE TABLE dead_letter ("
      " id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " channel TEXT NOT NULL,"
      " key TEXT NOT NULL,"
      " body TEXT NOT NULL,"
      " created_at INTEGER NOT NULL,"
      " dead_at INTEGER NOT NULL,"
      " why TEXT NOT NULL)",
      // What a notifier keeps about a key (the message in Slack that it changes later), what another channel took over,
      // and channels that do not work.
      "CREATE TABLE receiver_memory ("
      " id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " channel TEXT NOT NULL,"
      " key TEXT NOT NULL,"
      " memory TEXT NOT NULL,"
      " UNIQUE (channel, key))",
      "CREATE TABLE passed_on (channel TEXT NOT NULL, key TEXT NOT NULL, taker TEXT NOT NULL,"
      " PRIMARY KEY (channel, key, taker))",
      "CREATE TABLE channel_breaker (channel TEXT PRIMARY KEY, open_since INTEGER NOT NULL)",
      // A damaged body must not end the start: it is found, and buried, when its turn comes.
      "INSERT INTO outbox (channel, key, resolve, critical, repeat, missed_opening, body, created_at, attempts,"
      " not_before, has_fallback)"
      " SELECT channel, alert || ':' || CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.level'), '')"
      " ELSE id END,"
      " CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.kind') = 'resolve', 0) ELSE 0 END,"
      " CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.level') = 'critical', 0) ELSE 0 END,"
      " 0, 0, body, created_at, attempts, not_before, 0 FROM outbox_1 WHERE dead_at IS NULL ORDER BY id"
      " ON CONFLICT (channel, key) DO UPDATE SET body = excluded.body, resolve = excluded.resolve",
      "INSERT INTO dead_letter (channel, key, body, created_at, dead_at, why)"
      " SELECT channel, alert, body, created_at, dead_at, coalesce(why_dead, '') FROM outbox_1"
      " WHERE dead_at IS NOT NULL",
      "DROP TABLE outbox_1",
  };
  return steps;
}

}  // namespace pgvigil
