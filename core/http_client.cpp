#include "core/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_body = 64UL * 1024;
constexpr std::size_t max_headers = 100;

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURL, CurlFree>;
using HeaderList = std::unique_ptr<curl_slist, CurlFree>;

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
  if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
    throw Error(Error::Kind::invalid, fmt::format("libcurl refuses option {}", static_cast<int>(option)));
  }
}

// C callbacks: they must not throw, so what does not fit is dropped.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* response) noexcept {
  auto& body = static_cast<HttpResponse*>(response)->body;
  const std::size_t bytes = size * count;
  if (body.size() < max_body) body.append(data, std::min(bytes, max_body - body.size()));
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* response) noexcept {
  const std::string_view line(data, size * count);
  auto& headers = static_cast<HttpResponse*>(response)->headers;
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && headers.size() < max_headers) {
    headers.insert_or_assign(lower(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
  }
  return line.size();
}

int stop_when_asked(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

HeaderList header_list(const HttpRequest& request) {
  HeaderList list;
  for (const auto& [name, value] : request.headers) {
    curl_slist* longer = curl_slist_append(list.get(), fmt::format("{}: {}", name, value).c_str());
    if (longer == nullptr) throw std::bad_alloc();
    list.release();  // NOLINT(bugprone-unused-return-value): `longer` is the same list with one element more
    list.reset(longer);
  }
  return list;
}

Error failure(CURLcode code, const char* detail, const Secret& url) {
  const bool ours = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  const Error::Kind kind = code == CURLE_ABORTED_BY_CALLBACK ? Error::Kind::cancelled
                           : ours                            ? Error::Kind::invalid
                                                             : Error::Kind::unavailable;
  // Not the detail when the URL itself is wrong: it may quote it.
  const std::string reason = *detail == '\0' || ours ? curl_easy_strerror(code) : detail;
  return {kind, fmt::format("{}: {}", url_origin(url), one_line(reason, 300))};
}

}  // namespace

CurlClient::CurlClient(Scheme scheme, std::string ca_file) : scheme_(scheme), ca_file_(std::move(ca_file)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

HttpResponse CurlClient::send(const HttpRequest& request, milliseconds timeout, std::stop_token stop) {
  const Handle handle(curl_easy_init());
  if (!handle) throw Error(Error::Kind::unavailable, "libcurl cannot start");
  CURL* curl = handle.get();
  const HeaderList headers = header_list(request);
  std::string detail(CURL_ERROR_SIZE, '\0');
  HttpResponse response;

  set(curl, CURLOPT_URL, request.url.reveal().c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, scheme_ == Scheme::https_only ? "https" : "https,http");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file_.empty()) set(curl, CURLOPT_CAINFO, ca_file_.c_str());
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_ERRORBUFFER, detail.data());
  set(curl, CURLOPT_HTTPHEADER, headers.get());
  set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(curl, CURLOPT_USERAGENT, "pgvigil");
  if (request.method != "GET") {
    set(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  set(curl, CURLOPT_WRITEFUNCTION, &take_body);
  set(curl, CURLOPT_WRITEDATA, &response);
  set(curl, CURLOPT_HEADERFUNCTION, &take_header);
  set(curl, CURLOPT_HEADERDATA, &response);
  set(curl, CURLOPT_NOPROGRESS, 0L);
  set(curl, CURLOPT_XFERINFOFUNCTION, &stop_when_asked);
  set(curl, CURLOPT_XFERINFODATA, &stop);

  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) throw failure(code, detail.c_str(), request.url);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
  return response;
}

std::string url_origin(const Secret& url) {
  const std::unique_ptr<CURLU, CurlFree> parsed(curl_url());
  char* scheme = nullptr;
  char* host = nullptr;
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.reveal().c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    curl_free(scheme);
    return "(not a URL)";
  }
  std::string origin = fmt::format("{}://{}", scheme, host);
  curl_free(scheme);
  curl_free(host);
  return origin;
}

}  // namespace pgvigil
