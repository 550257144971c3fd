#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "alerts/backoff.h"
#include "alerts/channel_breaker.h"
#include "alerts/channel_options.h"
#include "alerts/channel_status.h"
#include "alerts/notifier.h"
#include "alerts/outbox.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/token_bucket.h"

namespace pgvigil {

// A trigger that could not be delivered for this long is given up: nobody can act on it any more. The resolve of an
// incident that may be open at the receiver is worth more patience.
constexpr milliseconds trigger_patience = std::chrono::hours(24);
constexpr milliseconds resolve_patience = std::chrono::hours(24 * 7);

// How long a channel may not work before another one takes its messages.
constexpr milliseconds fallback_after = std::chrono::minutes(2);

// How often a channel that only a person can repair (revoked address, archived channel) is tried meanwhile.
constexpr milliseconds repair_wait = std::chrono::minutes(5);

// Empties the outbox of one channel: at least once, in order for each key, with the same message on every attempt,
// within the rate that the receiver wants. Owned by Delivery; step() belongs to one thread, the rest to any.
class Channel {
 public:
  // What a channel stands in. All of it outlives the channel.
  struct Surroundings {
    Outbox& outbox;
    HttpClient& http;
    const PgOptions& target;
    const Clock& clock;
    // The lanes that take a message from this one when its fallbacks are `wanted`; none when nobody can.
    std::function<std::vector<std::string>(const Channel& from, const std::vector<std::string>& wanted)> takers = {};
  };

  Channel(ChannelOptions options, const Surroundings& around);

  // Makes at most one attempt. Returns the time of the next call, which may be earlier when something was put into the
  // outbox. Throws Error when the outbox cannot be read or written.
  SteadyTime step(const std::stop_token& stop);

  const std::string& name() const { return options_.name; }
  const std::string& target() const { return options_.target; }
  bool working() const;
  std::uint64_t passed_on() const;  // messages that other channels took
  ChannelStatus status() const;

 private:
  using Rows = std::vector<Outbox::Row>;
  struct Delivered {
    std::int64_t revision = 0;
    DeliveryAttempt attempt;
    std::optional<std::string> remember;
  };

  SteadyTime next_step(SteadyTime now);
  SteadyTime idle_until(SteadyTime now) const;
  SteadyTime fallback_due(SteadyTime now) const;
  bool settle_old_business(const Rows& rows);
  bool expired(const Outbox::Row& row) const;
  void attempt(const Rows& rows, const std::stop_token& stop);
  void note(const Rows& rows, const Verdict& verdict, milliseconds duration);
  void note_delivered(const Outbox::Row& row, Delivered delivered);
  void note_failure(const Rows& rows, const Verdict& verdict, milliseconds duration);
  void give_up(const Outbox::Row& row, const Verdict& verdict, milliseconds duration);
  void pass_on_what_is_stranded();
  void pass_on(const Outbox::Row& row);
  void set_breaker(const ChannelBreaker& breaker);
  DeliveryAttempt record(const Outbox::Row& row, std::string_view outcome, const Verdict& verdict,
                         milliseconds duration) const;
  double random() { return std::uniform_real_distribution<double>(0, 1)(random_engine_); }

  const ChannelOptions options_;
  const ReceiverTraits traits_;
  const Surroundings around_;
  const Backoff backoff_;
  std::mt19937_64 random_engine_{std::random_device{}()};
  TokenBucket rate_;
  std::size_t singly_ = 0;                       // so many letters go alone: their batch was refused
  std::map<std::int64_t, Delivered> unmarked_;   // delivered, but the outbox does not know yet (its disk was full)
  mutable std::mutex mutex_;                     // guards what follows
  ChannelBreaker breaker_;
  SteadyTime not_before_;  // the whole channel's pause after a failure
  ChannelStatus counts_;   // its counters
};

}  // namespace pgvigil
