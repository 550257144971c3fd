#include "exporter/web_server.h"

#include <fmt/format.h>

#include <utility>

namespace pgvigil {

namespace {

HttpServer::PeerLookup lookup_in(const PeerTable& peers) {
  return [&peers](std::string_view address, int port) { return peers.find(address, port); };
}

}  // namespace

WebServer::WebServer(const ListenOptions& listen, WebAccess& access, HttpServer::Handler handler)
    : listen_(listen),
      http_(
          access.tls() ? "127.0.0.1" : listen.address, access.tls() ? 0 : listen.port,
          [&access, handler = std::move(handler)](const HttpQuery& query) { return access.answer(query, handler); },
          access.tls() ? lookup_in(peers_) : HttpServer::PeerLookup()) {
  if (!access.tls()) return;
  tls_.emplace(
      listen.address, listen.port, http_.port(), [&access] { return access.tls(); }, peers_);
  tls_runs_ = true;
}

std::string WebServer::url() const {
  return fmt::format("{}://{}:{}", tls_ ? "https" : "http", listen_.address, tls_ ? tls_->port() : http_.port());
}

std::vector<Family> WebServer::families() const {
  if (!tls_runs_) return {};
  const TlsServer::Counts counts = tls_->counts();
  Family failures{"pgvigil_tls_handshake_failures_total",
                  "TLS handshakes with the agent that failed, by reason.",
                  MetricType::counter,
                  {"reason"},
                  {}};
  for (const char* reason : {"client_certificate", "disconnected", "plain_http", "protocol", "timeout"}) {
    const auto found = counts.failures.find(reason);
    failures.samples.push_back({{reason}, found == counts.failures.end() ? 0.0 : static_cast<double>(found->second)});
  }
  std::vector<Family> families{std::move(failures)};
  families.push_back({"pgvigil_tls_handshakes_total",
                      "TLS handshakes with the agent that succeeded.",
                      MetricType::counter,
                      {},
                      {{{}, static_cast<double>(counts.handshakes)}}});
  families.push_back({"pgvigil_tls_connections",
                      "TLS connections to the agent that are open.",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(counts.open)}}});
  return families;
}

}  // namespace pgvigil
