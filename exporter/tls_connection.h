#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "exporter/peer_table.h"
#include "exporter/tls.h"

namespace pgvigil {

// One TLS client: its handshake, and then its decrypted bytes to the private listener and back. Nothing here blocks;
// the owner polls and calls advance(). One thread.
class TlsConnection {
 public:
  struct Failure {
    std::string_view reason;  // a label value: plain_http, client_certificate, protocol, disconnected, timeout
    std::string details;
  };

  static constexpr milliseconds handshake_time{5000};
  static constexpr milliseconds idle_time{10000};      // without a byte in either direction
  static constexpr milliseconds farewell_time{30000};  // for the peer to take what is left for it after the end

  TlsConnection(Fd socket, std::string peer, std::shared_ptr<const TlsContext> context, int backend_port,
                PeerTable& peers, SteadyTime now);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // What to wait for: the client's socket and the backend's. -1 stands for a side that is not waited for.
  void add_to(std::vector<pollfd>& polled) const;

  // Does what can be done without waiting.
  void advance(SteadyTime now);

  void abandon() { end(); }

  bool ended() const { return ended_; }
  bool handshaking() const { return !backend_; }
  bool busy() const { return busy_; }  // there is more to do at once, after the others had their turn
  SteadyTime deadline() const { return deadline_; }
  const std::string& peer() const { return peer_; }
  const std::optional<Failure>& failure() const { return failure_; }  // of the handshake

 private:
  using Step = TlsSession::Step;

  void shake_hands(SteadyTime now);
  void connect_backend(SteadyTime now);
  void relay(SteadyTime now);
  bool read_client();
  bool write_client();
  bool read_backend();
  bool write_backend();
  void note(Step step, short& waits);
  void end();
  void fail(std::string_view reason, std::string details);
  void answer_plain_http() const;

  Fd socket_;
  const std::string peer_;
  TlsSession session_;
  const int backend_port_;
  PeerTable& peers_;
  Fd backend_;
  int held_port_ = 0;
  std::string up_;             // from the client, not yet at the backend
  std::string down_;           // from the backend, not yet at the client
  short read_waits_ = POLLIN;  // what reading from the client waits for, as TLS may have to write for it
  short write_waits_ = 0;
  bool client_done_ = false;  // it sends no more
  bool backend_done_ = false;
  bool busy_ = false;
  bool ended_ = false;
  SteadyTime deadline_;
  std::optional<Failure> failure_;
};

}  // namespace pgvigil
