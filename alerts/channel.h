#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <set>
#include <stop_token>
#include <string>

#include "alerts/backoff.h"
#include "alerts/channel_options.h"
#include "alerts/notifier.h"
#include "alerts/outbox.h"
#include "core/clock.h"
#include "core/http_client.h"

namespace pgvigil {

// A trigger that could not be delivered for this long is given up: nobody can act on it any more. The resolve of an
// incident that may be open at the receiver is worth more patience.
constexpr milliseconds trigger_patience = std::chrono::hours(24);
constexpr milliseconds resolve_patience = std::chrono::hours(24 * 7);

// A channel as the status page and the metrics show it.
struct ChannelStatus {
  std::string name;
  std::string kind;
  std::int64_t pending = 0;
  seconds oldest_pending_age{0};
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;  // attempts
  std::uint64_t dead = 0;    // messages that were given up
  bool failing = false;      // the last attempt failed
};

// Empties the outbox of one channel: at least once, in order for each alert, with the same message on every attempt.
// Owned by Delivery; step() belongs to one thread, status() to any.
class Channel {
 public:
  Channel(ChannelOptions options, Outbox& outbox, HttpClient& client, const Clock& clock);

  // Sends at most one message. Returns the time of the next call, which may be earlier when something was put into the
  // outbox. Throws Error when the outbox cannot be read or written.
  SteadyTime step(const std::stop_token& stop);

  const std::string& name() const { return options_.name; }
  ChannelStatus status() const;

 private:
  SteadyTime idle_until(SteadyTime now) const;
  bool expired(const Outbox::Row& row) const;
  void attempt(const Outbox::Row& row, const std::stop_token& stop);
  Verdict exchange(const HttpRequest& request, const std::stop_token& stop);
  void note_delivered(const Outbox::Row& row);
  void note_retry(const Outbox::Row& row, const Verdict& verdict);
  void give_up(const Outbox::Row& row, std::string_view why);
  double random() { return std::uniform_real_distribution<double>(0, 1)(random_engine_); }

  ChannelOptions options_;
  Outbox& outbox_;
  HttpClient& client_;
  const Clock& clock_;
  Backoff backoff_;
  std::mt19937_64 random_engine_{std::random_device{}()};
  SteadyTime not_before_;            // the whole channel's pause: pace, or after a failure
  int failures_ = 0;                 // in a row
  std::set<std::int64_t> unmarked_;  // delivered, but the outbox does not know yet (its disk was full)
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> dead_{0};
  std::atomic<bool> failing_{false};
};

}  // namespace pgvigil
