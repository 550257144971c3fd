#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "exporter/http_server.h"
#include "exporter/peer_table.h"
#include "exporter/tls_server.h"
#include "exporter/web_access.h"

namespace pgvigil {

// What listens for requests: the HTTP server at the configured address, or the TLS server there and the HTTP server
// behind it. Every query passes WebAccess on its way to the handler.
class WebServer {
 public:
  // Throws Error::unavailable when it cannot listen there.
  WebServer(const ListenOptions& listen, WebAccess& access, HttpServer::Handler handler);

  // "https://127.0.0.1:9187", with the port that is in use.
  std::string url() const;

  std::vector<Family> families() const;

 private:
  const ListenOptions listen_;
  PeerTable peers_;
  std::optional<TlsServer> tls_;
  std::atomic<bool> tls_runs_ = false;  // a request may come before the constructor has ended
  HttpServer http_;                     // last: it stops before what its handler asks
};

}  // namespace pgvigil
