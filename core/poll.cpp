#include "core/poll.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"

namespace pgvigil {

namespace {

int remaining_milliseconds(SteadyTime deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 3600L * 1000));
}

}  // namespace

Ready wait_for(std::span<pollfd> fds, SteadyTime deadline, const std::stop_token& stop) {
  if (stop.stop_requested()) return Ready::stopped;
  std::vector<pollfd> all(fds.begin(), fds.end());
  const Fd wake(stop.stop_possible() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1);
  all.push_back({wake.get(), POLLIN, 0});
  const std::stop_callback on_stop(stop, [&wake] {
    if (wake) ::eventfd_write(wake.get(), 1);
  });
  while (true) {
    const int ready = ::poll(all.data(), all.size(), remaining_milliseconds(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) throw Error(Error::Kind::unavailable, "poll: " + std::generic_category().message(errno));
    if (stop.stop_requested()) return Ready::stopped;
    if (ready > 0) break;
    if (std::chrono::steady_clock::now() >= deadline) return Ready::timed_out;
  }
  std::copy(all.begin(), all.end() - 1, fds.begin());
  return Ready::yes;
}

}  // namespace pgvigil
