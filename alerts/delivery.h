#pragma once

#include <memory>
#include <optional>
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
  // `plain` serves the channels that allow http, `https` the others. All arguments outlive the Delivery.
  Delivery(const std::vector<ChannelOptions>& channels, Outbox& outbox, HttpClient& https, HttpClient& plain,
           const Clock& clock);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Starts the threads.
  void start();

  // There may be something new in the outbox.
  void ring();

  std::vector<ChannelStatus> status() const;

 private:
  struct Lane {
    Lane(ChannelOptions options, Outbox& outbox, HttpClient& client, const Clock& clock)
        : channel(std::move(options), outbox, client, clock) {}
    Channel channel;
    Bell bell;
    std::optional<Worker> worker;  // last: it ends before what it uses
  };
  void run(Lane& lane, const std::stop_token& stop) const;

  const Clock& clock_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace pgvigil
