#pragma once

#include <cstdint>

namespace pgvigil {

// A TCP port of 127.0.0.1 on which nobody listens now. Another process may take it before the caller does; what can
// bind port 0 itself should.
std::uint16_t free_port();

}  // namespace pgvigil
