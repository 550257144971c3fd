#include "exporter/tcp_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace pgvigil {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(Error::Kind::unavailable, what + ": " + std::generic_category().message(errno));
}

Fd new_socket() {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) fail("socket");
  return socket;
}

void send_at_once(const Fd& socket) {
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

sockaddr_in address_of(const std::string& address, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &result.sin_addr) != 1)
    throw Error(Error::Kind::invalid, address + " is no IPv4 address");
  return result;
}

void bind_to(const Fd& socket, const std::string& address, int port) {
  const sockaddr_in where = address_of(address, port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    fail(fmt::format("cannot listen on {}:{}", address, port));
}

}  // namespace

Fd listen_on(const std::string& address, int port) {
  Fd socket = new_socket();
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  bind_to(socket, address, port);
  if (::listen(socket.get(), 128) != 0) fail(fmt::format("cannot listen on {}:{}", address, port));
  return socket;
}

int local_port(const Fd& socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) fail("getsockname");
  return ntohs(bound.sin_port);
}

Accepted accept_from(const Fd& listener) {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  Accepted result{
      Fd(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK)), {}};
  if (!result.socket && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) fail("accept");
  if (!result.socket) return result;
  send_at_once(result.socket);
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &from.sin_addr, text.data(), text.size());
  result.peer = text.data();
  return result;
}

Fd hold_loopback_port() {
  Fd socket = new_socket();
  send_at_once(socket);
  bind_to(socket, "127.0.0.1", 0);
  return socket;
}

void connect_to_loopback(const Fd& socket, int port) {
  const sockaddr_in where = address_of("127.0.0.1", port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 && errno != EINPROGRESS)
    fail("connect");
}

}  // namespace pgvigil
