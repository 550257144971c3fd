#include "exporter/tls_server.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "core/poll.h"
#include "exporter/tcp_socket.h"

namespace pgvigil {

TlsServer::TlsServer(const std::string& address, int port, int backend_port, ContextSource context, PeerTable& peers)
    : listener_(listen_on(address, port)),
      local_port_(pgvigil::local_port(listener_)),
      backend_port_(backend_port),
      context_(std::move(context)),
      peers_(peers),
      worker_("tls", [this](const std::stop_token& stop) { serve(stop); }) {}

TlsServer::~TlsServer() = default;

TlsServer::Counts TlsServer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void TlsServer::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    wait(stop);
    const SteadyTime now = std::chrono::steady_clock::now();
    accept_all(now);
    advance_all(now);
    const std::lock_guard lock(mutex_);
    counts_.open = connections_.size();
  }
  connections_.clear();
}

void TlsServer::wait(const std::stop_token& stop) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const bool listening = now >= listen_again_;
  std::vector<pollfd> polled{{listening ? listener_.get() : -1, POLLIN, 0}};
  SteadyTime until = listening ? now + std::chrono::minutes(1) : listen_again_;
  for (const TlsConnection& connection : connections_) {
    connection.add_to(polled);
    until = std::min(until, connection.busy() ? SteadyTime{} : connection.deadline());
  }
  wait_for(polled, until, stop);
}

void TlsServer::accept_all(SteadyTime now) {
  constexpr int at_once = 16;
  try {
    for (int i = 0; i < at_once && now >= listen_again_; ++i) {
      Accepted accepted = accept_from(listener_);
      if (!accepted.socket) return;
      accept_one(std::move(accepted), now);
    }
  } catch (const Error& error) {
    complain(error.what(), now);
    listen_again_ = now + seconds(1);
  }
}

void TlsServer::accept_one(Accepted accepted, SteadyTime now) {
  if (connections_.size() >= most_connections) make_room();
  connections_.emplace_back(std::move(accepted.socket), std::move(accepted.peer), context_(), backend_port_, peers_,
                            now);
}

void TlsServer::make_room() {
  const auto before = [](const TlsConnection& a, const TlsConnection& b) {
    if (a.handshaking() != b.handshaking()) return a.handshaking();
    return a.deadline() < b.deadline();
  };
  connections_.erase(std::min_element(connections_.begin(), connections_.end(), before));
}

void TlsServer::advance_all(SteadyTime now) {
  for (TlsConnection& connection : connections_) {
    const bool was_handshaking = connection.handshaking();
    try {
      connection.advance(now);
    } catch (const Error& error) {
      complain(error.what(), now);
      connection.abandon();
    }
    if (was_handshaking) count(connection, now);
  }
  connections_.remove_if([](const TlsConnection& connection) { return connection.ended(); });
}

void TlsServer::count(const TlsConnection& connection, SteadyTime now) {
  const auto& failure = connection.failure();
  if (!failure && connection.handshaking()) return;
  if (failure) complain(fmt::format("{}: {} ({})", connection.peer(), failure->reason, failure->details), now);
  const std::lock_guard lock(mutex_);
  if (failure) {
    ++counts_.failures[std::string(failure->reason)];
  } else {
    ++counts_.handshakes;
  }
}

// Anybody can make connections fail; the log must not grow by it.
void TlsServer::complain(const std::string& what, SteadyTime now) {
  ++unsaid_;
  if (now < next_complaint_) return;
  log::warn("tls: {} connections failed; the last one: {}", unsaid_, what);
  next_complaint_ = now + std::chrono::minutes(1);
  unsaid_ = 0;
}

}  // namespace pgvigil
