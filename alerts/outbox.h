#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "alerts/notification.h"
#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// No wait in the outbox is longer than this; a row that claims to wait longer was written before the wall clock jumped.
constexpr milliseconds longest_wait = std::chrono::hours(1);

// The messages that are still owed, in the local store, so that they survive the end of the process at any instruction.
// Rows are added inside the transaction that changes the alert. Any thread.
class Outbox {
 public:
  struct Row {
    std::int64_t id = 0;
    int attempts = 0;  // that ended without an answer or with "later"
    WallTime created_at;
    Notification notification;
  };
  struct Backlog {
    std::int64_t pending = 0;
    std::optional<WallTime> oldest;
  };

  explicit Outbox(LocalStore& store);

  static void append(LocalStore::Transaction& transaction, const Notification& notification);

  // The message that the channel should get now: of each alert only the oldest one is eligible, and those that were not
  // tried for the longest time come first, so that a message that is refused again and again holds up no other alert.
  std::optional<Row> next(std::string_view channel, WallTime now);

  // When next() will have something, nullopt when the channel's queue is empty.
  std::optional<WallTime> next_due(std::string_view channel);

  void delivered(std::int64_t id);
  void postpone(std::int64_t id, WallTime until);

  // Takes a message out of the queue without delivery; it stays in the table, with the reason, for a week.
  void bury(std::int64_t id, std::string_view why, WallTime now);

  Backlog backlog(std::string_view channel);

 private:
  struct RawRow {
    std::int64_t id = 0;
    int attempts = 0;
    WallTime created_at;
    std::string body;
  };
  std::optional<RawRow> next_raw(std::string_view channel, WallTime now);

  LocalStore& store_;
};

}  // namespace pgvigil
