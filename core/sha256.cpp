#include "core/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "core/error.h"

namespace pgvigil {

namespace {

EVP_MD_CTX* raw(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

void check(int result) {
  if (result != 1) throw Error(Error::Kind::unavailable, "SHA-256 is not available from OpenSSL");
}

}  // namespace

void Sha256::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(raw(context_.get()), EVP_sha256(), nullptr));
}

void Sha256::update(std::string_view bytes) {
  check(EVP_DigestUpdate(raw(context_.get()), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  check(EVP_DigestFinal_ex(raw(context_.get()), digest.data(), &length));
  check(EVP_DigestInit_ex(raw(context_.get()), EVP_sha256(), nullptr));
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest.at(i));
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  std::size_t length = 0;
  const std::string secret(key);  // a view may have no address, which OpenSSL takes for an error
  const std::string bytes(message);
  const unsigned char* result = EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
                                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                          digest.data(), digest.size(), &length);
  check(result == nullptr ? 0 : 1);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

}  // namespace pgvigil
