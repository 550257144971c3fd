#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/worker.h"
#include "exporter/peer_table.h"
#include "exporter/tcp_socket.h"
#include "exporter/tls.h"
#include "exporter/tls_connection.h"

namespace pgvigil {

// Ends TLS in front of a plain HTTP server on 127.0.0.1: civetweb of Debian 12 crashes when it does it itself. One
// thread serves all connections, of which there are at most `most_connections`; when they are all taken, the oldest
// unfinished handshake makes room, or the connection that has said nothing for longest.
class TlsServer {
 public:
  static constexpr std::size_t most_connections = 128;

  // What a new connection is to use; may change from one to the next, so that new certificates need no restart.
  using ContextSource = std::function<std::shared_ptr<const TlsContext>()>;

  struct Counts {
    std::uint64_t handshakes = 0;
    std::map<std::string, std::uint64_t, std::less<>> failures;  // by reason
    std::size_t open = 0;
  };

  // Throws Error::unavailable when it cannot listen there. `peers` learns who is behind each connection to the backend.
  TlsServer(const std::string& address, int port, int backend_port, ContextSource context, PeerTable& peers);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  int port() const { return local_port_; }
  Counts counts() const;

 private:
  void serve(const std::stop_token& stop);
  void wait(const std::stop_token& stop);
  void accept_all(SteadyTime now);
  void accept_one(Accepted accepted, SteadyTime now);
  void make_room();
  void advance_all(SteadyTime now);
  void count(const TlsConnection& connection, SteadyTime now);
  void complain(const std::string& what, SteadyTime now);

  const Fd listener_;
  const int local_port_;
  const int backend_port_;
  const ContextSource context_;
  PeerTable& peers_;
  std::list<TlsConnection> connections_;  // the worker's alone
  SteadyTime listen_again_;               // the worker's alone
  SteadyTime next_complaint_;             // the worker's alone
  std::uint64_t unsaid_ = 0;              // failures since the last complaint; the worker's alone
  mutable std::mutex mutex_;              // guards counts_
  Counts counts_;
  Worker worker_;  // last: it stops before what it uses goes away
};

}  // namespace pgvigil
