#include "exporter/tls_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "exporter/tcp_socket.h"

namespace pgvigil {

namespace {

constexpr std::size_t largest_record = 16UL * 1024;  // of TLS
constexpr std::size_t portion = 64UL * 1024;
constexpr int turns_at_once = 16;  // about 1 MB, then the other connections have their turn

// Takes what was sent off the front; what is left stays for later. False when nothing could be sent now.
bool send_some(const Fd& socket, std::string& bytes, bool& broken) {
  const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent > 0) {
    bytes.erase(0, static_cast<std::size_t>(sent));
    return true;
  }
  broken = errno != EAGAIN && errno != EINTR && errno != ENOTCONN;
  return false;
}

// Both are done, whatever the first one says.
bool any(bool a, bool b) {
  return a || b;
}

std::string_view label(TlsSession::Failure failure) {
  switch (failure) {
    case TlsSession::Failure::plain_http: return "plain_http";
    case TlsSession::Failure::client_certificate: return "client_certificate";
    case TlsSession::Failure::protocol: return "protocol";
    case TlsSession::Failure::disconnected: return "disconnected";
  }
  return "protocol";
}

}  // namespace

TlsConnection::TlsConnection(Fd socket, std::string peer, std::shared_ptr<const TlsContext> context, int backend_port,
                             PeerTable& peers, SteadyTime now)
    : socket_(std::move(socket)),
      peer_(std::move(peer)),
      session_(std::move(context), socket_.get()),
      backend_port_(backend_port),
      peers_(peers),
      deadline_(now + handshake_time) {}

TlsConnection::~TlsConnection() {
  if (held_port_ != 0) peers_.remove(held_port_);
}

void TlsConnection::add_to(std::vector<pollfd>& polled) const {
  const bool reads_client = !client_done_ && up_.empty();
  const auto client_events = static_cast<short>((reads_client ? read_waits_ : 0) | (down_.empty() ? 0 : write_waits_));
  const auto backend_events =
      static_cast<short>((!backend_done_ && down_.empty() ? POLLIN : 0) | (up_.empty() ? 0 : POLLOUT));
  // A side that is waited for with no events would still report its end, again and again.
  polled.push_back({client_events == 0 ? -1 : socket_.get(), client_events, 0});
  polled.push_back({backend_events == 0 ? -1 : backend_.get(), backend_events, 0});
}

void TlsConnection::advance(SteadyTime now) {
  if (now >= deadline_) {
    if (handshaking()) fail("timeout", "it did not end in time");
    end();
    return;
  }
  if (handshaking()) shake_hands(now);
  if (!ended_ && !handshaking()) relay(now);
}

void TlsConnection::shake_hands(SteadyTime now) {
  const Step step = session_.handshake();
  switch (step) {
    case Step::done: connect_backend(now); return;
    case Step::wants_read: read_waits_ = POLLIN; return;
    case Step::wants_write: read_waits_ = POLLOUT; return;
    case Step::closed:
    case Step::failed: break;
  }
  if (step == Step::failed && session_.failure() == TlsSession::Failure::plain_http) answer_plain_http();
  fail(step == Step::closed ? "disconnected" : label(session_.failure()), session_.problem());
  end();
}

void TlsConnection::answer_plain_http() const {
  constexpr std::string_view reply =
      "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
      "this port speaks TLS: use https\n";
  ::send(socket_.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  // What is left unread would make the close a reset, which can overtake the reply.
  ::shutdown(socket_.get(), SHUT_WR);
  std::array<char, largest_record> rest;  // NOLINT(cppcoreguidelines-pro-type-member-init): nobody reads it
  ::recv(socket_.get(), rest.data(), rest.size(), 0);
}

void TlsConnection::connect_backend(SteadyTime now) {
  backend_ = hold_loopback_port();
  held_port_ = local_port(backend_);
  peers_.enter(held_port_, peer_);
  connect_to_loopback(backend_, backend_port_);
  read_waits_ = POLLIN;
  write_waits_ = POLLOUT;
  deadline_ = now + idle_time;
}

void TlsConnection::relay(SteadyTime now) {
  busy_ = true;
  for (int turn = 0; turn < turns_at_once; ++turn) {
    const bool before = backend_done_;
    const bool up = any(read_client(), write_backend());
    const bool down = any(read_backend(), write_client());
    if (ended_) return;
    if (backend_done_ && down_.empty()) {
      session_.close();
      end();
      return;
    }
    if ((up || down) && !backend_done_) deadline_ = now + idle_time;
    if (backend_done_ && !before) deadline_ = now + farewell_time;
    if (!up && !down) {
      busy_ = false;
      return;
    }
  }
}

void TlsConnection::note(Step step, short& waits) {
  if (step == Step::wants_read) waits = POLLIN;
  if (step == Step::wants_write) waits = POLLOUT;
  if (step == Step::closed) client_done_ = true;
  if (step == Step::failed) end();
}

bool TlsConnection::read_client() {
  if (ended_ || client_done_ || !up_.empty()) return false;
  std::array<char, largest_record> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is written first
  std::size_t got = 0;
  const Step step = session_.read(buffer, got);
  note(step, read_waits_);
  if (client_done_) ::shutdown(backend_.get(), SHUT_WR);
  if (step != Step::done) return false;
  up_.assign(buffer.data(), got);
  return true;
}

bool TlsConnection::write_client() {
  if (ended_ || down_.empty()) return false;
  std::size_t written = 0;
  const Step step = session_.write(down_, written);
  note(step, write_waits_);
  if (step != Step::done) return false;
  down_.erase(0, written);
  return true;
}

bool TlsConnection::read_backend() {
  if (ended_ || backend_done_ || !down_.empty()) return false;
  std::array<char, portion> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is written first
  const ssize_t got = ::recv(backend_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return false;
  backend_done_ = got <= 0;
  if (got > 0) down_.assign(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool TlsConnection::write_backend() {
  if (ended_ || up_.empty()) return false;
  bool broken = false;
  const bool sent = send_some(backend_, up_, broken);
  if (broken) up_.clear();  // it answered and left; what it said is still to be read
  return sent;
}

void TlsConnection::fail(std::string_view reason, std::string details) {
  failure_ = Failure{reason, std::move(details)};
}

void TlsConnection::end() {
  ended_ = true;
  busy_ = false;
}

}  // namespace pgvigil
