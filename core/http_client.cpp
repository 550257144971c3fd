#include "core/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/curl_handle.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using curl::set;

constexpr std::size_t max_body = 64UL * 1024;
constexpr std::size_t max_headers = 100;

// C callbacks: they must not throw. Taking less than what is offered ends the transfer: an answer that has no end is
// not read to its end.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* response) noexcept {
  auto& body = static_cast<HttpResponse*>(response)->body;
  const std::size_t bytes = size * count;
  const std::size_t taken = std::min(bytes, max_body - body.size());
  body.append(data, taken);
  return taken;
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

curl::List header_list(const HttpRequest& request) {
  curl::List list;
  for (const auto& [name, value] : request.headers) curl::append(list, fmt::format("{}: {}", name, value));
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

CurlClient::CurlClient(Scheme scheme, std::string ca_file) : scheme_(scheme), ca_file_(std::move(ca_file)) {}

HttpResponse CurlClient::send(const HttpRequest& request, milliseconds timeout, std::stop_token stop) {
  const curl::Handle handle = curl::open();
  CURL* curl = handle.get();
  const curl::List headers = header_list(request);
  std::string detail(CURL_ERROR_SIZE, '\0');
  HttpResponse response;

  set(curl, CURLOPT_URL, request.url.reveal().c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, scheme_ == Scheme::https_only ? "https" : "https,http");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl::prove_peer(curl, ca_file_);
  curl::avoid_forbidden_peers(curl);
  curl::limit_time(curl, timeout, stop);
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

  const CURLcode code = curl_easy_perform(curl);
  const bool read_enough = code == CURLE_WRITE_ERROR && response.body.size() == max_body;
  if (code != CURLE_OK && !read_enough) throw failure(code, detail.c_str(), request.url);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
  return response;
}

std::string url_origin(const Secret& url) {
  const std::unique_ptr<CURLU, curl::Free> parsed(curl_url());
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
