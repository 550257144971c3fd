#include "exporter/tls_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/text.h"

namespace pgvigil {

namespace {

using Name = std::pair<std::string_view, std::string_view>;  // Go's, OpenSSL's

// https://pkg.go.dev/crypto/tls#CipherSuites; those of TLS 1.3 are always on, in Go too.
constexpr std::array<Name, 13> cipher_names{{
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
}};
constexpr std::array<Name, 4> curve_names{
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};

template <std::size_t size>
std::vector<std::string> translate(Section& section, const char* key, const std::array<Name, size>& names) {
  std::vector<std::string> result;
  for (const std::string& text : section.texts(key)) {
    const auto* found = std::find_if(names.begin(), names.end(), [&](const Name& name) { return name.first == text; });
    if (found != names.end()) {
      if (!found->second.empty()) result.emplace_back(found->second);
      continue;
    }
    std::vector<std::string> allowed(names.size());
    std::transform(names.begin(), names.end(), allowed.begin(), [](const Name& name) { return name.first; });
    section.value(key)->fail(fmt::format("{}: '{}' is not known; allowed is {}", key, text, join(allowed, ", ")));
  }
  return result;
}

PemSource pem(Section& section, const std::string& key) {
  PemSource source;
  source.file = section.path(key + "_file");
  source.text = Secret(section.text(key));
  if (!source.file.empty() && !source.text.empty())
    section.value(key)->fail(fmt::format("{} and {}_file stand here both; one of them is enough", key, key));
  return source;
}

TlsOptions::Version version(Section& section, const std::string& key, const std::string& fallback) {
  const std::string text = section.choice(key, fallback, {"TLS10", "TLS11", "TLS12", "TLS13"});
  if (text == "TLS10") return TlsOptions::Version::tls10;
  if (text == "TLS11") return TlsOptions::Version::tls11;
  return text == "TLS12" ? TlsOptions::Version::tls12 : TlsOptions::Version::tls13;
}

TlsOptions::ClientAuth client_auth(Section& section) {
  using Auth = TlsOptions::ClientAuth;
  const std::string text =
      section.choice("client_auth_type", "NoClientCert",
                     {"NoClientCert", "RequestClientCert", "RequireAnyClientCert", "RequireClientCert",
                      "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"});
  if (text == "RequestClientCert") return Auth::request;
  if (text == "RequireAnyClientCert" || text == "RequireClientCert") return Auth::require_any;
  if (text == "VerifyClientCertIfGiven") return Auth::verify_if_given;
  return text == "RequireAndVerifyClientCert" ? Auth::require_and_verify : Auth::none;
}

void check_clients(Section& section, const TlsOptions& options) {
  using Auth = TlsOptions::ClientAuth;
  const bool verifies = options.client_auth == Auth::verify_if_given || options.client_auth == Auth::require_and_verify;
  const bool requires_one = options.client_auth == Auth::require_any || options.client_auth == Auth::require_and_verify;
  if (verifies && !options.client_ca.given())
    section.fail("client_auth_type wants client certificates verified, and there is no client_ca_file to do it with");
  if (options.client_ca.given() && options.client_auth == Auth::none)
    section.fail("client_ca_file is of no use with client_auth_type NoClientCert; set RequireAndVerifyClientCert");
  if (!options.client_allowed_sans.empty() && !requires_one)
    section.fail("client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or RequireAnyClientCert");
}

}  // namespace

TlsOptions decode_tls(Section& section) {
  TlsOptions options;
  options.certificate = pem(section, "cert");
  options.key = pem(section, "key");
  options.client_ca = pem(section, "client_ca");
  options.client_auth = client_auth(section);
  options.client_allowed_sans = section.texts("client_allowed_sans");
  options.min_version = version(section, "min_version", "TLS12");
  options.max_version = version(section, "max_version", "TLS13");
  options.cipher_suites = translate(section, "cipher_suites", cipher_names);
  options.curves = translate(section, "curve_preferences", curve_names);
  options.prefer_server_cipher_suites = section.boolean("prefer_server_cipher_suites", true);
  if (!options.certificate.given()) section.fail("cert_file is missing");
  if (!options.key.given()) section.fail("key_file is missing");
  if (options.min_version > options.max_version) section.fail("min_version is above max_version");
  check_clients(section, options);
  section.finish();
  return options;
}

}  // namespace pgvigil
