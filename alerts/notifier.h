#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "alerts/notification.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/pg_connection.h"

namespace pgvigil {

// What became of an attempt to deliver.
struct Verdict {
  enum class Kind {
    delivered,
    unreachable,      // no connection, or no answer: whether it arrived is unknown
    rate_limited,     // too many messages
    receiver_failed,  // the receiver says that it is broken
    misconfigured,    // a person has to repair the channel: revoked address, archived channel, wrong login
    payload_refused,  // this text will never be taken, not even in its shortest form
  };
  Kind kind = Kind::unreachable;
  std::optional<milliseconds> after = {};  // how long the receiver wants to be left alone
  std::string why = {};  // for the log; holds no secret and no text of the receiver that could hold one
  long status = 0;       // HTTP's or SMTP's, 0 when there was no answer
  // What the notifier wants to get back with the next message of this key. Kept even when the attempt failed.
  std::optional<std::string> remember = {};

  bool delivered() const { return kind == Kind::delivered; }
};

std::string_view to_string(Verdict::Kind kind);

// All but `delivered`: the reasons that an attempt can fail for.
const std::vector<Verdict::Kind>& failure_kinds();

// A message on its way to a receiver.
struct Letter {
  std::string id;  // the same on every attempt, so that a receiver can tell a repetition
  Notification news;
  bool late = false;       // of a resolve: that it fired could not be delivered, so this has to tell both
  std::string remembered;  // what the notifier asked to keep about this key
  WallTime now;            // of this attempt
};

// The id of the letter that carries `notification`.
std::string letter_id(const Notification& notification);

// What a notifier may use while it delivers.
struct Wire {
  HttpClient& http;
  const PgOptions& target;  // the watched server
  milliseconds timeout;     // of one exchange
  std::stop_token stop;
};

// What a kind of receiver is like.
struct ReceiverTraits {
  ChannelPolicy::Form form = ChannelPolicy::Form::grouped;
  bool level_in_key = false;
  std::optional<milliseconds> refresh_every = {};
  // It takes `burst` messages at once, then one every `pace`.
  double burst = 5;
  milliseconds pace{1000};
  std::size_t batch = 1;  // so many letters at once
};

// How one kind of channel speaks. Immutable: what has to be remembered between two letters of a key goes through
// Verdict::remember, so that it is stored with the fact that the letter was delivered. Any thread.
class Notifier {
 public:
  virtual ~Notifier() = default;

  // One attempt with up to traits().batch letters of different keys, at least one. The verdict is about all of them.
  // Does not throw for what the other side does; throws Error for what our own side cannot do.
  virtual Verdict deliver(std::span<const Letter> letters, const Wire& wire) const = 0;

  virtual ReceiverTraits traits() const = 0;
};

using NotifierPtr = std::shared_ptr<const Notifier>;

// A receiver that takes one HTTP request for each delivery: what to say and what the answer means are pure functions.
class HttpNotifier : public Notifier {
 public:
  Verdict deliver(std::span<const Letter> letters, const Wire& wire) const final;

  virtual HttpRequest render(std::span<const Letter> letters) const = 0;

  // The same with as little as the receiver can refuse. Sent when it refused the whole text of a single letter.
  virtual HttpRequest render_minimal(const Letter& letter) const = 0;

  virtual Verdict judge(const HttpResponse& response) const = 0;
};

// The answer to a request, or what its absence means. The verdict's text does not hold the address.
struct Exchange {
  std::optional<HttpResponse> response;
  Verdict failure;  // when there is no response
};
Exchange exchange(const HttpRequest& request, const Wire& wire);

// The Retry-After header in seconds; its other form, a date, is not used by the receivers here.
std::optional<milliseconds> retry_after(const HttpResponse& response);

// What an answer that is no success usually means; a notifier asks after it has looked for what its receiver says.
Verdict judge_failure(const HttpResponse& response, std::string_view receiver);

}  // namespace pgvigil
