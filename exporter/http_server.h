#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct mg_context;

namespace pgvigil {

struct HttpQuery {
  std::string method;      // GET, HEAD or POST
  std::string path;        // decoded, without the query string
  std::string parameters;  // the query string as it was sent
  std::string accept;      // the header Accept, and so on; empty when there is none
  std::string accept_encoding;
  std::string authorization;
  std::string content_type;
  std::string host;
  std::string origin;
  std::string fetch_site;  // Sec-Fetch-Site: what a browser says of the page that asks
  std::string peer;        // the address that the request comes from
  std::string body;        // of a POST
  std::string user;        // who asks, once that was proved; empty: nobody was asked
};

struct HttpReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::shared_ptr<const std::string>> more;  // follows the body; not copied
};

// A reply of text; `text` ends with a line end.
HttpReply text_reply(int status, std::string text);

// A plain HTTP server (civetweb) that answers GET, HEAD and POST from a function. It serves no files, reads bodies of
// up to 64 KiB and of a length that is said beforehand, and refuses requests whose framing is ambiguous, which civetweb
// 1.15 itself would accept. The handler is called from several threads; an exception of it is answered with 500.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpQuery&)>;

  // Whom a connection comes from, by the address and port of its other end; nullopt refuses its requests with 403. For
  // a server that stands behind one of our own listeners, which knows the true peer.
  using PeerLookup = std::function<std::optional<std::string>(std::string_view address, int port)>;

  // On an IPv4 address; port 0 takes a free one. Throws Error::unavailable when it cannot listen there.
  HttpServer(const std::string& address, int port, Handler handler, PeerLookup peer_of = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

 private:
  struct Answerer;
  struct Stop {
    void operator()(mg_context* context) const;
  };
  std::unique_ptr<const Answerer> answerer_;
  std::unique_ptr<mg_context, Stop> context_;
};

}  // namespace pgvigil
