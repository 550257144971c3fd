#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"

namespace pgvigil {

struct HttpRequest {
  std::string method = "POST";
  Secret url;  // the address of a webhook is its password
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpResponse {
  long status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;                                         // at most its first 64 KiB
};

// Sends a request and waits for the answer. An interface so that tests can play failures and crashes.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Throws Error: unavailable (no connection, time-out, TLS not proved), invalid (not a URL, scheme not allowed),
  // cancelled. Every HTTP status is an answer. Whether an unanswered request arrived is unknown. Any thread.
  virtual HttpResponse send(const HttpRequest& request, milliseconds timeout, std::stop_token stop) = 0;
};

enum class Scheme { https_only, http_allowed };

// libcurl: no redirects, certificates and host names always verified, TLS 1.2 or later, no forbidden peers.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(Scheme scheme, std::string ca_file = {});
  HttpResponse send(const HttpRequest& request, milliseconds timeout, std::stop_token stop) override;

 private:
  Scheme scheme_;
  std::string ca_file_;
};

// "https://host" of a URL whose path must not be seen.
std::string url_origin(const Secret& url);

}  // namespace pgvigil
