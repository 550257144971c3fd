#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "exporter/tls_options.h"

struct ssl_ctx_st;
struct ssl_st;

// TLS with OpenSSL 3, for servers.
namespace pgvigil {

// A server's side of TLS: certificate, key and rules. Immutable; any thread.
class TlsContext {
 public:
  // Throws Error::invalid, saying which file is unreadable, is no certificate, does not fit, …
  explicit TlsContext(const TlsOptions& options);

  WallTime valid_from() const { return valid_from_; }
  WallTime valid_until() const { return valid_until_; }

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::vector<std::string> allowed_sans_;
  WallTime valid_from_;
  WallTime valid_until_;
};

// One connection, on a socket that does not block; the socket stays its owner's. One thread.
class TlsSession {
 public:
  enum class Step {
    done,         // something was done
    wants_read,   // when the socket is readable again
    wants_write,  // when it is writable again
    closed,       // the peer has ended it in order
    failed,
  };
  enum class Failure { plain_http, client_certificate, protocol, disconnected };

  TlsSession(std::shared_ptr<const TlsContext> context, int socket);

  Step handshake();
  Step read(std::span<char> into, std::size_t& got);
  Step write(std::string_view bytes, std::size_t& written);
  void close();  // says good-bye, without waiting

  // After Step::failed in a handshake.
  Failure failure() const { return failure_; }
  const std::string& problem() const { return problem_; }

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  Step judge(int result);
  bool client_allowed() const;

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<ssl_st, Free> session_;
  Failure failure_ = Failure::protocol;
  std::string problem_;
};

}  // namespace pgvigil
