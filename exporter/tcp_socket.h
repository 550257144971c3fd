#pragma once

#include <string>

#include "core/file.h"

// TCP sockets of IPv4 that do not block. Functions throw Error::unavailable with the system's reason.
namespace pgvigil {

// Port 0 takes a free one.
Fd listen_on(const std::string& address, int port);

// The port of this side.
int local_port(const Fd& socket);

struct Accepted {
  Fd socket;  // none when nobody waits
  std::string peer;
};
// Throws when the process or the system has no descriptor left; the peer waits on.
Accepted accept_from(const Fd& listener);

// A socket that holds a port of 127.0.0.1 of its own and is not connected yet.
Fd hold_loopback_port();

// Connects it to a port of 127.0.0.1; it may become writable later.
void connect_to_loopback(const Fd& socket, int port);

}  // namespace pgvigil
