#include "exporter/change_guard.h"

#include <string_view>

#include "core/text.h"

namespace pgvigil {

namespace {

// 127.example.org is a name, and its owner decides what it means.
bool this_host(std::string_view address) {
  const bool numbers = address.find_first_not_of("0123456789.") == std::string_view::npos;
  return (numbers && address.starts_with("127.")) || address == "::1";
}

// "localhost:9187" without the port, in lower case.
std::string host_name_of(std::string_view host) {
  const auto port = host.rfind(':');
  return lower(host.substr(0, host.ends_with(']') ? host.size() : port));
}

bool names_this_host(std::string_view host) {
  const std::string name = host_name_of(host);
  return name == "localhost" || name == "[::1]" || this_host(name);
}

// A browser says so in one of two headers; both are beyond a page's reach. Other clients send neither.
bool from_another_site(const HttpQuery& query) {
  if (!query.fetch_site.empty() && query.fetch_site != "same-origin" && query.fetch_site != "none") return true;
  if (query.origin.empty()) return false;
  return query.origin != "http://" + query.host && query.origin != "https://" + query.host;
}

}  // namespace

std::optional<HttpReply> refuse_change(const HttpQuery& query) {
  // A form of another site cannot send this type without asking us first.
  const std::string type = lower(query.content_type.substr(0, query.content_type.find(';')));
  if (type != "application/json") return text_reply(415, "changes are sent as application/json\n");
  if (from_another_site(query)) return text_reply(403, "changes are not taken from another site's page\n");
  if (!query.user.empty()) return std::nullopt;
  if (!this_host(query.peer) || !names_this_host(query.host)) {
    return text_reply(403, "without users in the web configuration changes are taken from this host only\n");
  }
  return std::nullopt;
}

}  // namespace pgvigil
