#include "tests/support/forwarder.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace pgvigil {

namespace {

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    throw std::runtime_error("too long for a socket: " + path.string());
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

Fd new_socket() {
  return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// False: one of the two has ended.
bool pass_on(const Fd& from, const Fd& to) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0) return true;
  return got > 0 && ::send(to.get(), buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace

Forwarder::Forwarder(const std::filesystem::path& from, std::filesystem::path to)
    : to_(std::move(to)), listener_(new_socket()) {
  const sockaddr_un address = address_of(from);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 100) != 0) {
    throw std::runtime_error("cannot listen at " + from.string());
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Forwarder::accept_one() {
  Pair pair{Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)), new_socket()};
  const sockaddr_un address = address_of(to_);
  const bool reached = ::connect(pair.server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (pair.client && reached) pairs_.push_back(std::move(pair));
}

void Forwarder::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> fds{{listener_.get(), POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      fds.push_back({pair.client.get(), POLLIN, 0});
      fds.push_back({pair.server.get(), POLLIN, 0});
    }
    // Neither a stop nor the end of the silence is a descriptor.
    ::poll(silent_ ? nullptr : fds.data(), silent_ ? 0 : fds.size(), 20);
    if (silent_) continue;
    std::size_t at = 1;
    for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
      const bool good = (fds[at].revents == 0 || pass_on(pair->client, pair->server)) &&
                        (fds[at + 1].revents == 0 || pass_on(pair->server, pair->client));
      pair = good ? std::next(pair) : pairs_.erase(pair);
    }
    if (fds[0].revents != 0) accept_one();
  }
}

}  // namespace pgvigil
