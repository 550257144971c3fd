#include "alerts/delivery.h"

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

// After the outbox could not be read or written (disk full).
constexpr seconds store_wait{10};

}  // namespace

Delivery::Delivery(const std::vector<ChannelOptions>& channels, Outbox& outbox, HttpClient& https, HttpClient& plain,
                   const Clock& clock)
    : clock_(clock) {
  for (const ChannelOptions& options : channels) {
    HttpClient& client = options.scheme == Scheme::http_allowed ? plain : https;
    lanes_.push_back(std::make_unique<Lane>(options, outbox, client, clock));
  }
}

Delivery::~Delivery() {
  // All at once, so that a slow request of one channel does not add to that of the next.
  for (const auto& lane : lanes_) {
    if (lane->worker) lane->worker->request_stop();
  }
}

void Delivery::start() {
  for (const auto& lane : lanes_) {
    Lane* mine = lane.get();
    mine->worker.emplace("to " + mine->channel.name(), [this, mine](const std::stop_token& stop) { run(*mine, stop); });
  }
}

void Delivery::run(Lane& lane, const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    SteadyTime next;
    try {
      next = lane.channel.step(stop);
    } catch (const Error& error) {
      log::error("channel {}: {}", lane.channel.name(), error.what());
      next = clock_.steady_now() + store_wait;
    }
    lane.bell.wait_until(next, stop);
  }
}

void Delivery::ring() {
  for (const auto& lane : lanes_) lane->bell.ring();
}

std::vector<ChannelStatus> Delivery::status() const {
  std::vector<ChannelStatus> result;
  result.reserve(lanes_.size());
  for (const auto& lane : lanes_) result.push_back(lane->channel.status());
  return result;
}

}  // namespace pgvigil
