#include "alerts/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

// After the outbox could not be read or written (disk full).
constexpr seconds store_wait{10};

// A step that takes longer hangs: every exchange in it has a deadline far below.
constexpr seconds longest_step{120};

}  // namespace

Delivery::Lane::Lane(const ChannelOptions& options, std::unique_ptr<HttpClient> client, const Delivery& all,
                     const PgOptions& target)
    : http(std::move(client)),
      channel(options, {all.outbox_, *http, target, all.clock_,
                        [&all](const Channel& from, const std::vector<std::string>& wanted) {
                          return all.takers(from, wanted);
                        }}) {}

std::unique_ptr<HttpClient> Delivery::curl(const ChannelOptions& channel) {
  return std::make_unique<CurlClient>(channel.scheme, channel.ca_file);
}

Delivery::Delivery(const std::vector<ChannelOptions>& channels, Outbox& outbox, const PgOptions& target,
                   const Clock& clock, const HttpClients& clients)
    : outbox_(outbox), clock_(clock) {
  for (const ChannelOptions& options : channels)
    lanes_.push_back(std::make_unique<Lane>(options, clients(options), *this, target));
}

Delivery::~Delivery() {
  // All at once, so that a slow request of one channel does not add to that of the next.
  for (const auto& lane : lanes_) {
    if (lane->worker) lane->worker->request_stop();
  }
  // Lanes look at each other: none may go before all have stopped.
  for (const auto& lane : lanes_) lane->worker.reset();
}

void Delivery::start() {
  for (const auto& lane : lanes_) {
    Lane* mine = lane.get();
    mine->worker.emplace("to " + mine->channel.name(), [this, mine](const std::stop_token& stop) { run(*mine, stop); });
  }
}

void Delivery::run(Lane& lane, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const SteadyTime next = step(lane, stop);
    lane.bell.wait_until(next, stop);
  }
}

SteadyTime Delivery::step(Lane& lane, const std::stop_token& stop) {
  const auto note = [&lane](std::optional<SteadyTime> busy_since, std::string failure) {
    const std::lock_guard lock(lane.mutex);
    lane.busy_since = busy_since;
    lane.failure = std::move(failure);
  };
  note(clock_.steady_now(), "");
  const std::uint64_t taken_before = lane.channel.passed_on();
  SteadyTime next;
  try {
    next = lane.channel.step(stop);
    note(std::nullopt, "");
  } catch (const Error& error) {
    log::error("channel {}: {}", lane.channel.name(), error.what());
    note(std::nullopt, error.what());
    next = clock_.steady_now() + store_wait;
  }
  if (lane.channel.passed_on() != taken_before) ring();
  return next;
}

bool Delivery::works(const std::string& target, const std::string& without) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
    return lane->channel.target() == target && lane->channel.name() != without && lane->channel.working();
  });
}

std::vector<std::string> Delivery::takers(const Channel& from, const std::vector<std::string>& wanted) const {
  // Another replica of the same receiver has it.
  if (works(from.target(), from.name())) return {};
  for (const std::string& target : wanted) {
    if (target == from.target() || !works(target)) continue;
    std::vector<std::string> names;
    for (const auto& lane : lanes_) {
      if (lane->channel.target() == target) names.push_back(lane->channel.name());
    }
    return names;
  }
  return {};
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

std::optional<std::string> Delivery::trouble() const {
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->mutex);
    if (!lane->failure.empty()) return fmt::format("channel {}: {}", lane->channel.name(), lane->failure);
    if (lane->busy_since && clock_.steady_now() - *lane->busy_since > longest_step)
      return fmt::format("channel {} hangs", lane->channel.name());
  }
  return std::nullopt;
}

}  // namespace pgvigil
