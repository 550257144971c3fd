#include "core/peer_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace pgvigil {

namespace {

using V6 = std::array<std::uint8_t, 16>;

bool forbidden_v4(std::uint32_t address) {
  constexpr std::uint32_t alibaba_metadata = 0x646464C8;  // 100.100.100.200
  return address >> 16U == 0xA9FEU || address == alibaba_metadata;
}

bool forbidden_v6(const V6& address) {
  constexpr V6 aws_metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), address.begin())) {
    std::uint32_t inner = 0;
    for (std::size_t i = 12; i < address.size(); ++i) inner = inner << 8U | address[i];
    return forbidden_v4(inner);
  }
  const bool link_local = address[0] == 0xfe && (address[1] & 0xC0U) == 0x80;
  return link_local || address == aws_metadata;
}

}  // namespace

bool is_forbidden_peer(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return forbidden_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    V6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return forbidden_v6(bytes);
  }
  return false;
}

}  // namespace pgvigil
