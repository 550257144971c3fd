#pragma once

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/error.h"

// What the clients that stand on libcurl share. Included by them alone.
namespace pgvigil::curl {

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURL, Free>;
using List = std::unique_ptr<curl_slist, Free>;

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
  if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
    throw Error(Error::Kind::invalid, fmt::format("libcurl refuses option {}", static_cast<int>(option)));
  }
}

// Throws Error::unavailable when libcurl cannot start. Any thread.
Handle open();

void append(List& list, const std::string& element);

// Gives up after `timeout` or when `stop`, which must outlive the transfer, is requested.
void limit_time(CURL* handle, milliseconds timeout, std::stop_token& stop);

// TLS 1.2 or later, the certificate and its name proved by `ca_file` or, when that is empty, the system's authorities.
void prove_peer(CURL* handle, const std::string& ca_file);

// No connection to where credentials are given away (is_forbidden_peer).
void avoid_forbidden_peers(CURL* handle);

}  // namespace pgvigil::curl
