#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct mg_context;

namespace pgvigil {

struct HttpQuery {
  std::string method;  // GET or HEAD
  std::string path;    // decoded, without the query string
  bool accepts_gzip = false;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// A plain HTTP server (civetweb) that answers GET and HEAD from a function. It serves no files, reads no bodies, and
// refuses requests whose framing is ambiguous, which civetweb 1.15 itself would accept. The handler is called from
// several threads; an exception of it is answered with 500.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpQuery&)>;

  // On an IPv4 address; port 0 takes a free one. Throws Error::unavailable when it cannot listen there.
  HttpServer(const std::string& address, int port, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

 private:
  struct Stop {
    void operator()(mg_context* context) const;
  };
  Handler handler_;
  std::unique_ptr<mg_context, Stop> context_;
};

}  // namespace pgvigil
