#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/sha256.h"

namespace pgvigil {
namespace {

TEST(Base64, IsRfc4648s) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode_base64(std::string("\xFF\xEF\0", 3)), "/+8A");
}

TEST(Base64, ReadsWhatItWrote) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
}

TEST(Hmac, IsRfc4231s) {
  // Test cases 1 and 2 of RFC 4231, in base64.
  EXPECT_EQ(encode_base64(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=");
  EXPECT_EQ(encode_base64(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
  EXPECT_EQ(encode_base64(hmac_sha256({}, {})), "thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=");
}

}  // namespace
}  // namespace pgvigil
