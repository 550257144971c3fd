#include "alerts/heartbeat.h"

#include <fmt/format.h>

#include <algorithm>

#include "alerts/notifiers.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Services for this allow five pings a minute.
constexpr milliseconds shortest_interval{15'000};

}  // namespace

std::optional<HeartbeatOptions> decode_heartbeat(Section& alerts) {
  auto section = alerts.section("heartbeat");
  if (!section) return std::nullopt;
  HeartbeatOptions options;
  options.scheme = section->boolean("allow_http", false) ? Scheme::http_allowed : Scheme::https_only;
  options.url = decode_url(*section, "url", options.scheme);
  options.every = section->duration("every", options.every, shortest_interval, std::chrono::hours(24));
  options.timeout = section->duration("timeout", options.timeout, seconds(1), seconds(60));
  section->finish();
  if (options.url.empty()) return std::nullopt;
  return options;
}

Heartbeat::Heartbeat(HeartbeatOptions options, HttpClient& http, const Clock& clock, Trouble trouble)
    : options_(std::move(options)), http_(http), clock_(clock), trouble_(std::move(trouble)) {}

void Heartbeat::start() {
  worker_.emplace("heartbeat", [this](const std::stop_token& stop) {
    while (!stop.stop_requested()) bell_.wait_until(step(stop), stop);
  });
}

SteadyTime Heartbeat::step(const std::stop_token& stop) {
  const SteadyTime now = clock_.steady_now();
  if (const auto problem = trouble()) {
    if (last_problem_ != *problem) log::error("no heartbeat is sent: {}", *problem);
    last_problem_ = *problem;
    ++withheld_;
    return now + options_.every;
  }
  last_problem_.clear();
  if (ping(stop)) {
    ++sent_;
    return now + options_.every;
  }
  ++failed_;
  return now + std::max(options_.every / 4, shortest_interval);
}

std::optional<std::string> Heartbeat::trouble() const {
  try {
    return trouble_();
  } catch (const Error& error) {
    return error.what();
  }
}

bool Heartbeat::ping(const std::stop_token& stop) {
  try {
    const HttpResponse response = http_.send({"GET", options_.url, {}, ""}, options_.timeout, stop);
    if (response.status >= 200 && response.status < 300) return true;
    log::warn("the heartbeat's receiver {} answered {}", url_origin(options_.url), response.status);
  } catch (const Error& error) {
    if (!stop.stop_requested())
      log::warn("the heartbeat did not reach {} ({})", url_origin(options_.url), to_string(error.kind()));
  }
  return false;
}

}  // namespace pgvigil
