#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/http_client.h"
#include "core/worker.h"
#include "core/yaml_section.h"

namespace pgvigil {

struct HeartbeatOptions {
  Secret url;
  Scheme scheme = Scheme::https_only;
  milliseconds every{60'000};
  milliseconds timeout{10'000};
};

// Reads alerts.heartbeat; nullopt when it is absent or of no use, which is then reported.
std::optional<HeartbeatOptions> decode_heartbeat(Section& alerts);

// Tells a service elsewhere that alerting is alive, by a GET of an address at a steady pace, so that somebody hears
// when the whole agent or its machine is gone. Silent as soon as alerting makes no progress: the silence is the alarm.
// Owned by the composition root; its destructor ends it. status functions: any thread.
class Heartbeat {
 public:
  // What keeps alerting from making progress, nullopt when nothing does. Called on the heartbeat's thread before each
  // ping; it may throw Error, which counts as trouble.
  using Trouble = std::function<std::optional<std::string>()>;

  Heartbeat(HeartbeatOptions options, HttpClient& http, const Clock& clock, Trouble trouble);

  // Starts the thread.
  void start();

  // One ping, if all is well. Returns the time of the next.
  SteadyTime step(const std::stop_token& stop);

  std::uint64_t sent() const { return sent_; }          // pings that were answered with success
  std::uint64_t withheld() const { return withheld_; }  // for lack of progress
  std::uint64_t failed() const { return failed_; }

 private:
  std::optional<std::string> trouble() const;
  bool ping(const std::stop_token& stop);

  HeartbeatOptions options_;
  HttpClient& http_;
  const Clock& clock_;
  Trouble trouble_;
  std::string last_problem_;  // so that each is logged once
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> withheld_{0};
  std::atomic<std::uint64_t> failed_{0};
  Bell bell_;
  std::optional<Worker> worker_;  // last: it ends before what it uses
};

// For the heartbeat's question: whether something that counts its rounds has stood still for longer than `patience`.
class StandstillCheck {
 public:
  bool stands_still(std::uint64_t rounds, SteadyTime now, milliseconds patience) {
    if (!changed_at_ || rounds != rounds_) changed_at_ = now;
    rounds_ = rounds;
    return now - *changed_at_ > patience;
  }

 private:
  std::uint64_t rounds_ = 0;
  std::optional<SteadyTime> changed_at_;
};

}  // namespace pgvigil
