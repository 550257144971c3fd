#include "core/curl_handle.h"

#include <sys/socket.h>

#include <mutex>
#include <new>

#include "core/peer_address.h"

namespace pgvigil::curl {

namespace {

// C callbacks: they must not throw.
int stop_when_asked(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) noexcept {
  if (is_forbidden_peer(address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

Handle open() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Handle handle(curl_easy_init());
  if (!handle) throw Error(Error::Kind::unavailable, "libcurl cannot start");
  set(handle.get(), CURLOPT_NOSIGNAL, 1L);
  return handle;
}

void append(List& list, const std::string& element) {
  curl_slist* longer = curl_slist_append(list.get(), element.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  list.release();  // NOLINT(bugprone-unused-return-value): `longer` is the same list with one element more
  list.reset(longer);
}

void limit_time(CURL* handle, milliseconds timeout, std::stop_token& stop) {
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &stop_when_asked);
  set(handle, CURLOPT_XFERINFODATA, &stop);
}

void prove_peer(CURL* handle, const std::string& ca_file) {
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) set(handle, CURLOPT_CAINFO, ca_file.c_str());
}

void avoid_forbidden_peers(CURL* handle) {
  set(handle, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
}

}  // namespace pgvigil::curl
