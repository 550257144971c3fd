#include "exporter/http_server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

bool same_name(const char* a, std::string_view b) {
  return lower(a) == b;
}

constexpr std::int64_t largest_body = 64L * 1024;

bool posts(const mg_request_info& request) {
  return std::string_view(request.request_method) == "POST";
}

// civetweb also takes what strtoll takes: "+2", " 2", and "0x10" for 0.
bool is_length(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What is wrong with how a request is framed: two readers of it (a proxy and us) must not disagree where it ends.
std::optional<std::string> framing_problem(const mg_request_info& request) {
  int lengths = 0;
  int hosts = 0;
  int credentials = 0;
  bool chunked = false;
  for (int i = 0; i < request.num_headers; ++i) {
    const char* name = request.http_headers[i].name;
    if (same_name(name, "transfer-encoding")) chunked = true;
    if (same_name(name, "content-length")) {
      ++lengths;
      if (!is_length(request.http_headers[i].value)) return "Content-Length is no number";
    }
    if (same_name(name, "host")) ++hosts;
    if (same_name(name, "authorization")) ++credentials;
  }
  if (lengths > 1 || hosts > 1 || credentials > 1) return "a header stands there twice that may stand there once";
  if (hosts == 0 && std::string_view(request.http_version) != "1.0") return "no Host header";
  if (chunked || (posts(request) && lengths == 0)) return "a body needs a Content-Length";
  if (!posts(request) && request.content_length > 0) return "a body is not expected here";
  return std::nullopt;
}

// The whole body; nullopt when the peer does not send what it said.
std::optional<std::string> read_body(mg_connection* connection, std::int64_t length) {
  std::string body(static_cast<std::size_t>(std::max<std::int64_t>(length, 0)), '\0');
  std::size_t have = 0;
  while (have < body.size()) {
    const int got = mg_read(connection, body.data() + have, body.size() - have);
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return body;
}

// Small parts go out in one write, large ones as they are.
class ReplyWriter {
 public:
  explicit ReplyWriter(mg_connection* connection) : connection_(connection) {}

  void add(std::string_view bytes) {
    constexpr std::size_t large = 64UL * 1024;
    if (pending_.size() + bytes.size() > large) flush();
    if (bytes.size() < large) {
      pending_ += bytes;
    } else {
      write(bytes);
    }
  }
  void flush() {
    write(pending_);
    pending_.clear();
  }
  bool good() const { return good_; }

 private:
  void write(std::string_view bytes) {
    if (!bytes.empty() && good_) good_ = mg_write(connection_, bytes.data(), bytes.size()) > 0;
  }

  mg_connection* connection_;
  std::string pending_;
  bool good_ = true;  // false: the peer is gone
};

void send(mg_connection* connection, const HttpReply& reply, bool with_body, bool close) {
  std::size_t length = reply.body.size();
  for (const auto& part : reply.more) length += part->size();
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
                  reply.status, reason_phrase(reply.status), reply.content_type, length);
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  ReplyWriter writer(connection);
  writer.add(head);
  if (with_body) {
    writer.add(reply.body);
    for (const auto& part : reply.more) {
      if (writer.good()) writer.add(*part);
    }
  }
  writer.flush();
}

// All headers of that name as one list, as RFC 9110 (5.3) joins them.
std::string header(const mg_request_info& request, std::string_view name) {
  std::string result;
  for (int i = 0; i < request.num_headers; ++i) {
    if (!same_name(request.http_headers[i].name, name)) continue;
    if (!result.empty()) result += ", ";
    result += request.http_headers[i].value;
  }
  return result;
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

HttpQuery query_of(const mg_request_info& request, std::string peer, std::string body) {
  HttpQuery query;
  query.method = request.request_method;
  query.path = request.local_uri == nullptr ? "/" : request.local_uri;
  query.parameters = text_or_empty(request.query_string);
  query.accept = header(request, "accept");
  query.accept_encoding = header(request, "accept-encoding");
  query.authorization = header(request, "authorization");
  query.content_type = header(request, "content-type");
  query.host = header(request, "host");
  query.origin = header(request, "origin");
  query.fetch_site = header(request, "sec-fetch-site");
  query.peer = std::move(peer);
  query.body = std::move(body);
  return query;
}

}  // namespace

struct HttpServer::Answerer {
  Handler handler;
  PeerLookup peer_of;

  HttpReply answer(mg_connection* connection, const mg_request_info& request) const {
    std::optional<std::string> peer = request.remote_addr;
    if (peer_of) peer = peer_of(request.remote_addr, request.remote_port);
    if (!peer) return text_reply(403, "this port is the server's own; use the one that it says it listens on\n");
    if (const auto problem = framing_problem(request)) return text_reply(400, std::string(*problem) + "\n");
    const std::string_view method = request.request_method;
    if (method != "GET" && method != "HEAD" && !posts(request)) {
      HttpReply reply = text_reply(405, "only GET, HEAD and POST are allowed\n");
      reply.headers.emplace_back("Allow", "GET, HEAD, POST");
      return reply;
    }
    std::optional<std::string> body = "";
    if (posts(request)) {
      if (request.content_length > largest_body) return text_reply(413, "the body is larger than 64 KiB\n");
      body = read_body(connection, request.content_length);
      if (!body) return text_reply(400, "the body is shorter than its Content-Length\n");
    }
    try {
      return handler(query_of(request, std::move(*peer), std::move(*body)));
    } catch (const std::exception& error) {
      log::error("http {}: {}", text_or_empty(request.local_uri), error.what());
      return text_reply(500, "internal error; the log says more\n");
    }
  }

  // civetweb calls this for every request before it looks at anything itself; the status says that we answered.
  static int begin_request(mg_connection* connection) {
    const mg_request_info* request = mg_get_request_info(connection);
    const HttpReply reply = static_cast<const Answerer*>(request->user_data)->answer(connection, *request);
    // After a refusal there may be bytes of a body in the way: the connection ends.
    const char* wish = mg_get_header(connection, "Connection");
    const bool close = reply.status == 400 || reply.status == 403 || reply.status == 405 || reply.status == 413 ||
                       std::string_view(request->http_version) == "1.0" || (wish != nullptr && lower(wish) == "close");
    send(connection, reply, std::string_view(request->request_method) != "HEAD", close);
    if (close) mg_disable_connection_keep_alive(connection);
    return reply.status;
  }
};

HttpReply text_reply(int status, std::string text) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(text);
  return reply;
}

void HttpServer::Stop::operator()(mg_context* context) const {
  mg_stop(context);
}

HttpServer::HttpServer(const std::string& address, int port, Handler handler, PeerLookup peer_of)
    : answerer_(new Answerer{std::move(handler), std::move(peer_of)}) {
  const std::string where = fmt::format("{}:{}", address, port);
  const std::array<const char*, 15> options{"listening_ports",
                                            where.c_str(),
                                            "num_threads",
                                            "32",
                                            "request_timeout_ms",
                                            "2000",
                                            "enable_keep_alive",
                                            "yes",
                                            "keep_alive_timeout_ms",
                                            "2000",
                                            "tcp_nodelay",
                                            "1",
                                            "enable_directory_listing",
                                            "no",
                                            nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = &Answerer::begin_request;
  callbacks.log_message = [](const mg_connection*, const char* message) {
    log::debug("civetweb: {}", message);
    return 1;
  };
  mg_init_library(0);
  context_.reset(
      mg_start(&callbacks, const_cast<Answerer*>(answerer_.get()), const_cast<const char**>(options.data())));
  if (!context_) {
    throw Error(
        Error::Kind::unavailable,
        fmt::format("cannot listen on {}: is another program using it, or is the address not this host's?", where));
  }
}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
  mg_server_port bound{};
  return mg_get_server_ports(context_.get(), 1, &bound) == 1 ? bound.port : 0;
}

}  // namespace pgvigil
