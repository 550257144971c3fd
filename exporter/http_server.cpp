#include "exporter/http_server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
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
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

bool same_name(const char* a, std::string_view b) {
  return lower(a) == b;
}

// What is wrong with how a request is framed: two readers of it (a proxy and us) must not disagree where it ends.
std::optional<std::string> framing_problem(const mg_request_info& request) {
  int lengths = 0;
  int hosts = 0;
  bool body = request.content_length > 0;
  for (int i = 0; i < request.num_headers; ++i) {
    const char* name = request.http_headers[i].name;
    if (same_name(name, "transfer-encoding")) body = true;
    if (same_name(name, "content-length")) ++lengths;
    if (same_name(name, "host")) ++hosts;
  }
  if (lengths > 1 || hosts > 1) return "a header stands there twice that may stand there once";
  if (hosts == 0 && std::string_view(request.http_version) != "1.0") return "no Host header";
  if (body) return "a body is not expected here";
  return std::nullopt;
}

void send(mg_connection* connection, const HttpReply& reply, bool with_body, bool close) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
                  reply.status, reason_phrase(reply.status), reply.content_type, reply.body.size());
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  if (with_body) head += reply.body;
  mg_write(connection, head.data(), head.size());
}

HttpReply text_reply(int status, std::string text) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(text) + "\n";
  return reply;
}

// RFC 9110, 12.5.3: "gzip" in the list, unless its weight is zero.
bool accepts_gzip(const char* encodings) {
  for (const std::string& item : split(lower(encodings), ',')) {
    const std::vector<std::string> parts = split(item, ';');
    if (trim(parts.front()) != "gzip") continue;
    return parts.size() < 2 || trim(parts[1]).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

HttpReply answer(const HttpServer::Handler& handler, const mg_request_info& request, const char* encodings) {
  const std::string method = request.request_method;
  if (const auto problem = framing_problem(request)) return text_reply(400, *problem);
  if (method != "GET" && method != "HEAD") {
    HttpReply reply = text_reply(405, "only GET and HEAD are allowed");
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return reply;
  }
  const bool gzip = encodings != nullptr && accepts_gzip(encodings);
  try {
    return handler({method, request.local_uri == nullptr ? "/" : request.local_uri, gzip});
  } catch (const std::exception& error) {
    log::error("http {}: {}", request.local_uri, error.what());
    return text_reply(500, "internal error; the log says more");
  }
}

// civetweb calls this for every request before it looks at anything itself; 200 says that we answered.
int begin_request(mg_connection* connection) {
  const mg_request_info* request = mg_get_request_info(connection);
  const auto& handler = *static_cast<const HttpServer::Handler*>(request->user_data);
  const HttpReply reply = answer(handler, *request, mg_get_header(connection, "Accept-Encoding"));
  // After a refusal there may be bytes of a body in the way: the connection ends.
  const char* wish = mg_get_header(connection, "Connection");
  const bool close = reply.status == 400 || reply.status == 405 || std::string_view(request->http_version) == "1.0" ||
                     (wish != nullptr && lower(wish) == "close");
  send(connection, reply, std::string_view(request->request_method) != "HEAD", close);
  if (close) mg_disable_connection_keep_alive(connection);
  return reply.status;
}

}  // namespace

void HttpServer::Stop::operator()(mg_context* context) const {
  mg_stop(context);
}

HttpServer::HttpServer(const std::string& address, int port, Handler handler) : handler_(std::move(handler)) {
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
  callbacks.begin_request = &begin_request;
  callbacks.log_message = [](const mg_connection*, const char* message) {
    log::debug("civetweb: {}", message);
    return 1;
  };
  mg_init_library(0);
  context_.reset(mg_start(&callbacks, &handler_, const_cast<const char**>(options.data())));
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
