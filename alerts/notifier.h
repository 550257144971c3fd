#pragma once

#include <memory>
#include <optional>
#include <string>

#include "alerts/notification.h"
#include "core/clock.h"
#include "core/http_client.h"

namespace pgvigil {

// What an answer means for a message.
struct Verdict {
  enum class Kind {
    delivered,
    retry,            // later: the receiver is overloaded or broken, or a person has to repair the channel first
    payload_refused,  // this text will never be taken: send the minimal one; if that is refused too, give up
  };
  Kind kind = Kind::retry;
  std::optional<milliseconds> after;  // of a retry: how long to wait at least
  std::string why;                    // for the log; holds no secret and no text of the receiver that could hold one

  static Verdict delivered() { return {Kind::delivered, {}, {}}; }
  static Verdict retry(std::string why, std::optional<milliseconds> after = {}) {
    return {Kind::retry, after, std::move(why)};
  }
  static Verdict payload_refused(std::string why) { return {Kind::payload_refused, {}, std::move(why)}; }
};

// How one kind of channel speaks: turns a notification into a request and an answer into a verdict. Pure: it sends
// nothing and remembers nothing, so any thread may use it.
class Notifier {
 public:
  virtual ~Notifier() = default;

  virtual HttpRequest render(const Notification& notification) const = 0;

  // The same message with as little as the receiver can refuse.
  virtual HttpRequest render_minimal(const Notification& notification) const = 0;

  virtual Verdict judge(const HttpResponse& response) const = 0;

  // Whether the receiver keeps an incident for each level, which a change of level opens and resolves.
  virtual bool incident_per_level() const = 0;

  // The least time between two messages that the receiver wants.
  virtual milliseconds pace() const = 0;
};

using NotifierPtr = std::shared_ptr<const Notifier>;

// The Retry-After header in seconds; its other form, a date, is not used by the receivers here.
std::optional<milliseconds> retry_after(const HttpResponse& response);

// How often a channel that only a person can repair (revoked address, archived channel) is tried meanwhile.
constexpr milliseconds repair_wait = std::chrono::minutes(5);

}  // namespace pgvigil
