#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pgvigil {

// SHA-256 of a stream. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  // The digest in lower-case hexadecimal; the object starts anew afterwards.
  std::string finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

std::string sha256_hex(std::string_view bytes);

// HMAC-SHA256 (RFC 2104): 32 bytes, not text.
std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace pgvigil
