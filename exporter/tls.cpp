#include "exporter/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pgvigil {

namespace {

template <auto function>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;

std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "no reason given" : reason;
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Error::Kind::invalid, fmt::format("{}: {}", what, last_reason()));
}

std::string name_of(const PemSource& source, const char* what) {
  return source.file.empty() ? fmt::format("the {} in the configuration", what)
                             : fmt::format("{} {}", what, source.file.string());
}

std::string content_of(const PemSource& source, const char* what) {
  if (source.file.empty()) return source.text.reveal();
  try {
    return read_file(source.file);
  } catch (const Error& error) {
    throw error.in(fmt::format("the {}", what));
  }
}

Bio memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// In the order in which they stand there; at least one.
std::vector<Certificate> read_certificates(const PemSource& source, const char* what) {
  const std::string text = content_of(source, what);
  const Bio bio = memory(text);
  std::vector<Certificate> result;
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) result.push_back(std::move(next));
  const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (result.empty() || !end) refuse(fmt::format("{} is no PEM certificate", name_of(source, what)));
  ERR_clear_error();
  return result;
}

Key read_key(const PemSource& source) {
  const std::string text = content_of(source, "key");
  const Bio bio = memory(text);
  // Without this OpenSSL would ask for a password on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) refuse(fmt::format("{} is no PEM key without a password", name_of(source, "key")));
  return key;
}

WallTime to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) refuse("a certificate's date cannot be read");
  return WallTime(seconds(timegm(&parts)));
}

int protocol(TlsOptions::Version version) {
  switch (version) {
    case TlsOptions::Version::tls10: return TLS1_VERSION;
    case TlsOptions::Version::tls11: return TLS1_1_VERSION;
    case TlsOptions::Version::tls12: return TLS1_2_VERSION;
    case TlsOptions::Version::tls13: return TLS1_3_VERSION;
  }
  return TLS1_2_VERSION;
}

void set_protocol(SSL_CTX* context, const TlsOptions& options) {
  SSL_CTX_set_min_proto_version(context, protocol(options.min_version));
  SSL_CTX_set_max_proto_version(context, protocol(options.max_version));
  std::uint64_t flags = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET;
  if (options.prefer_server_cipher_suites) flags |= SSL_OP_CIPHER_SERVER_PREFERENCE;
  SSL_CTX_set_options(context, flags);
  // A resumed session would carry a client's certificate past a change of the authorities.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (!options.cipher_suites.empty() && SSL_CTX_set_cipher_list(context, join(options.cipher_suites, ":").c_str()) != 1)
    refuse("cipher_suites");
  if (!options.curves.empty() && SSL_CTX_set1_groups_list(context, join(options.curves, ":").c_str()) != 1)
    refuse("curve_preferences");
}

void set_client_rules(SSL_CTX* context, const TlsOptions& options) {
  using Auth = TlsOptions::ClientAuth;
  if (options.client_auth == Auth::none) return;
  const bool required = options.client_auth == Auth::require_any || options.client_auth == Auth::require_and_verify;
  const bool any = options.client_auth == Auth::request || options.client_auth == Auth::require_any;
  const int mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  constexpr auto accept_all = [](int, X509_STORE_CTX*) { return 1; };
  SSL_CTX_set_verify(context, mode, any ? +accept_all : nullptr);
  if (!options.client_ca.given()) return;
  for (const Certificate& authority : read_certificates(options.client_ca, "client CA")) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1)
      refuse(name_of(options.client_ca, "client CA"));
  }
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return "";
  return inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size()) == nullptr ? "" : text.data();
}

std::string text_of(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  if (type == GEN_IPADD) return address_text(static_cast<const ASN1_OCTET_STRING*>(value));
  if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI) return "";
  const auto* text = static_cast<const ASN1_IA5STRING*>(value);
  const unsigned char* data = ASN1_STRING_get0_data(text);
  return {data, data + ASN1_STRING_length(text)};
}

TlsSession::Failure failure_of(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return TlsSession::Failure::plain_http;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return TlsSession::Failure::client_certificate;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return TlsSession::Failure::disconnected;
    default: return TlsSession::Failure::protocol;
  }
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsContext::TlsContext(const TlsOptions& options)
    : context_(SSL_CTX_new(TLS_server_method())), allowed_sans_(options.client_allowed_sans) {
  ERR_clear_error();
  if (!context_) refuse("OpenSSL cannot start");
  set_protocol(context_.get(), options);
  std::vector<Certificate> chain = read_certificates(options.certificate, "certificate");
  if (SSL_CTX_use_certificate(context_.get(), chain.front().get()) != 1)
    refuse(name_of(options.certificate, "certificate"));
  valid_from_ = to_time(X509_get0_notBefore(chain.front().get()));
  valid_until_ = to_time(X509_get0_notAfter(chain.front().get()));
  for (auto next = chain.begin() + 1; next != chain.end(); ++next) {
    if (SSL_CTX_add1_chain_cert(context_.get(), next->get()) != 1) refuse(name_of(options.certificate, "certificate"));
  }
  const Key key = read_key(options.key);
  if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 || SSL_CTX_check_private_key(context_.get()) != 1) {
    refuse(fmt::format("{} does not belong to {}", name_of(options.key, "key"),
                       name_of(options.certificate, "certificate")));
  }
  set_client_rules(context_.get(), options);
}

void TlsSession::Free::operator()(ssl_st* session) const {
  SSL_free(session);
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket)
    : context_(std::move(context)), session_(SSL_new(context_->context_.get())) {
  if (!session_ || SSL_set_fd(session_.get(), socket) != 1)
    throw Error(Error::Kind::unavailable, "OpenSSL cannot make a session: " + last_reason());
}

TlsSession::Step TlsSession::judge(int result) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE: return Step::done;
    case SSL_ERROR_WANT_READ: return Step::wants_read;
    case SSL_ERROR_WANT_WRITE: return Step::wants_write;
    case SSL_ERROR_ZERO_RETURN: return Step::closed;
    case SSL_ERROR_SYSCALL:
      failure_ = Failure::disconnected;
      problem_ = "the peer closed the connection";
      return Step::failed;
    default:
      failure_ = failure_of(ERR_GET_REASON(ERR_peek_last_error()));
      problem_ = last_reason();
      return Step::failed;
  }
}

TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  const Step step = judge(SSL_accept(session_.get()));
  if (step != Step::done || client_allowed()) return step;
  failure_ = Failure::client_certificate;
  problem_ = "the client's certificate has no name that client_allowed_sans lists";
  return Step::failed;
}

bool TlsSession::client_allowed() const {
  const std::vector<std::string>& allowed = context_->allowed_sans_;
  if (allowed.empty()) return true;
  const Certificate certificate(SSL_get1_peer_certificate(session_.get()));
  if (!certificate) return false;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = text_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return true;
  }
  return false;
}

TlsSession::Step TlsSession::read(std::span<char> into, std::size_t& got) {
  ERR_clear_error();
  return judge(SSL_read_ex(session_.get(), into.data(), into.size(), &got));
}

TlsSession::Step TlsSession::write(std::string_view bytes, std::size_t& written) {
  ERR_clear_error();
  return judge(SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written));
}

void TlsSession::close() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

}  // namespace pgvigil
