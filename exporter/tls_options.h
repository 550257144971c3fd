#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/secret.h"
#include "core/yaml_section.h"

namespace pgvigil {

// A certificate, a key or authorities: in a file or as text, PEM. Both empty: none.
struct PemSource {
  std::filesystem::path file;
  Secret text;
  bool given() const { return !file.empty() || !text.empty(); }
  bool operator==(const PemSource&) const = default;
};

struct TlsOptions {
  enum class ClientAuth { none, request, require_any, verify_if_given, require_and_verify };
  enum class Version { tls10, tls11, tls12, tls13 };

  PemSource certificate;  // with the chain behind it
  PemSource key;
  PemSource client_ca;
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_allowed_sans;  // empty: any
  Version min_version = Version::tls12;
  Version max_version = Version::tls13;
  std::vector<std::string> cipher_suites;  // OpenSSL's names, up to TLS 1.2; empty: OpenSSL's default
  std::vector<std::string> curves;         // OpenSSL's names; empty: OpenSSL's default
  bool prefer_server_cipher_suites = true;
};

// The section tls_server_config of a web configuration. Names of cipher suites and curves are Go's, as in that format.
TlsOptions decode_tls(Section& section);

}  // namespace pgvigil
