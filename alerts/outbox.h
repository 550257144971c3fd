#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/delivery_log.h"
#include "alerts/notification.h"
#include "core/clock.h"
#include "core/local_store.h"

namespace pgvigil {

// No wait in the outbox is longer than this; a row that claims to wait longer was written before the wall clock jumped.
constexpr milliseconds longest_wait = std::chrono::hours(1);

// The messages that are still owed, in the local store, so that they survive the end of the process at any instruction.
// A message speaks of the whole state of its key, so the newest one takes the place of an undelivered older one: there
// is one row for each channel and key, and a queue cannot grow by repetition. Rows are added inside the transaction
// that changes the alert. Any thread.
class Outbox {
 public:
  struct Limits {
    std::int64_t rows = 10'000;
    std::int64_t bytes = 64LL * 1024 * 1024;
  };
  struct Row {
    std::int64_t id = 0;
    std::int64_t revision = 1;  // counts the messages that took each other's place in this row
    int attempts = 0;
    WallTime created_at;  // of the oldest message that this one stands for
    Notification notification;
    bool missed_opening = false;  // the message that opened the key was not delivered: this one has to tell both
    std::string remembered;       // what the notifier asked to keep about the key
  };
  struct Backlog {
    std::int64_t pending = 0;
    std::optional<WallTime> oldest;
  };
  struct DeadLetter {
    std::string channel;
    std::string key;
    WallTime created_at;
    WallTime dead_at;
    std::string why;
    std::string body;  // as Notification::to_json() wrote it, if it did
  };

  explicit Outbox(LocalStore& store);

  // Makes room when the queue is full, in this order: reminders, changes of a warning that is known, ends of warnings
  // that nobody heard of, the oldest warnings. What is critical, and the end of what may be open somewhere, always
  // stays.
  static void append(LocalStore::Transaction& transaction, const Notification& notification, const Limits& limits);
  static void append(LocalStore::Transaction& transaction, const Notification& notification) {
    append(transaction, notification, Limits());
  }

  // What the channel should be told now, at most `limit` messages of different keys. Those that were not tried for the
  // longest time come first, so that a message that is refused again and again holds up no other.
  std::vector<Row> next(std::string_view channel, WallTime now, std::size_t limit);

  // When next() will have something, nullopt when the channel's queue is empty.
  std::optional<WallTime> next_due(std::string_view channel);

  // Those that another channel should take, because this one cannot deliver them.
  std::vector<Row> stranded(std::string_view channel, std::size_t limit);

  // Each of these also writes what happened into the history. `remember`: see Verdict.
  // When the row's message was replaced meanwhile, the new one stays.
  void delivered(const Row& row, const DeliveryAttempt& attempt, const std::optional<std::string>& remember);
  void postpone(const Row& row, WallTime until, const DeliveryAttempt& attempt,
                const std::optional<std::string>& remember);
  // Takes a message out of the queue without delivery; it stays among the dead letters for a week.
  void bury(const Row& row, const DeliveryAttempt& attempt);
  // Gives copies to the channels `to` and remembers that they have to hear how it ends. The message stays here, too.
  void pass_on(const Row& row, const std::vector<std::string>& to, const DeliveryAttempt& attempt);

  Backlog backlog(std::string_view channel) const;
  std::vector<DeadLetter> dead_letters() const;                 // the newest first
  std::map<std::string, std::int64_t> evicted() const;          // since the store exists, by kind; all kinds are there

  // Since when the channel's breaker has been open, kept so that a restart does not start the count anew.
  std::optional<WallTime> open_since(std::string_view channel) const;
  void set_open_since(std::string_view channel, std::optional<WallTime> since);

 private:
  LocalStore& store_;
};

}  // namespace pgvigil
