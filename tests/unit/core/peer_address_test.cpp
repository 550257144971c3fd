#include "core/peer_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

namespace pgvigil {
namespace {

bool forbidden(const std::string& text) {
  sockaddr_storage address{};
  if (text.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1) << text;
    std::memcpy(&address, &v4, sizeof(v4));
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
    std::memcpy(&address, &v6, sizeof(v6));
  }
  return is_forbidden_peer(reinterpret_cast<const sockaddr&>(address));
}

TEST(PeerAddresses, WhereCloudsGiveCredentialsAwayAreForbidden) {
  for (const char* address : {"169.254.169.254", "169.254.0.1", "169.254.255.255", "100.100.100.200", "fe80::1",
                              "febf::1", "fd00:ec2::254", "::ffff:169.254.169.254"}) {
    EXPECT_TRUE(forbidden(address)) << address;
  }
}

TEST(PeerAddresses, OfReceiversAreAllowed) {
  for (const char* address : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.253.255.255", "169.255.0.0",
                              "1.1.1.1", "::1", "fec0::1", "fd00:ec2::253", "2001:db8::1", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(forbidden(address)) << address;
  }
}

}  // namespace
}  // namespace pgvigil
