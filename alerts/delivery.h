#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alerts/channel.h"
#include "alerts/channel_options.h"
#include "alerts/outbox.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/worker.h"

namespace pgvigil {

// Sends what the outbox holds: one thread for each channel, so that a dead one delays nobody else. Owned by the
// composition root, which makes a new one after a reload; ended by its destructor, which gives up a request that is
// under way (the message is sent again by the next Delivery). Public functions: any thread.
class Delivery {
 public:
  using HttpClients = std::function<std::unique_ptr<HttpClient>(const ChannelOptions& channel)>;

  // `target`: the watched server. Throws Error as Outbox does. All references outlive the Delivery.
  Delivery(const std::vector<ChannelOptions>& channels, Outbox& outbox, const PgOptions& target, const Clock& clock,
           const HttpClients& clients = &Delivery::curl);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Starts the threads.
  void start();

  // There may be something new in the outbox.
  void ring();

  std::vector<ChannelStatus> status() const;
  std::map<std::string, std::int64_t> evicted() const { return outbox_.evicted(); }

  // What keeps the delivery from making progress (a lane that hangs, an outbox that cannot be read), for people;
  // nullopt when nothing does. A receiver that does not answer is no such thing.
  std::optional<std::string> trouble() const;

 private:
  struct Lane {
    Lane(const ChannelOptions& options, std::unique_ptr<HttpClient> client, const Delivery& all,
         const PgOptions& target);
    std::unique_ptr<HttpClient> http;
    Channel channel;
    Bell bell;
    mutable std::mutex mutex;          // guards the two below
    std::optional<SteadyTime> busy_since;  // of a step under way
    std::string failure;               // of the last step
    std::optional<Worker> worker;      // last: it ends before what it uses
  };
  static std::unique_ptr<HttpClient> curl(const ChannelOptions& channel);
  void run(Lane& lane, const std::stop_token& stop);
  SteadyTime step(Lane& lane, const std::stop_token& stop);
  // Whether a lane of `target`, other than `without`, works.
  bool works(const std::string& target, const std::string& without = {}) const;
  std::vector<std::string> takers(const Channel& from, const std::vector<std::string>& wanted) const;

  Outbox& outbox_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace pgvigil
