#include "core/mail_client.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/curl_handle.h"
#include "core/text.h"

namespace pgvigil {

namespace {

using curl::set;

// A C callback: it must not throw.
std::size_t give_text(char* buffer, std::size_t size, std::size_t count, void* rest) noexcept {
  auto& text = *static_cast<std::string_view*>(rest);
  const std::size_t bytes = std::min(size * count, text.size());
  std::memcpy(buffer, text.data(), bytes);
  text.remove_prefix(bytes);
  return bytes;
}

// The CURLcode first: a code of 250 can accompany a failure, because it belongs to the command before.
MailReply::Kind kind_of(CURLcode result, long code) {
  using Kind = MailReply::Kind;
  switch (result) {
    case CURLE_OK: return Kind::accepted;
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR: return Kind::not_accepted;
    case CURLE_LOGIN_DENIED: return code >= 400 && code < 500 ? Kind::later : Kind::not_accepted;
    // After the whole text; before it, at MAIL FROM or RCPT TO.
    case CURLE_WEIRD_SERVER_REPLY: return code >= 500 ? Kind::refused : Kind::later;
    default: return code >= 500 ? Kind::not_accepted : Kind::later;
  }
}

std::string url_of(const MailServer& server) {
  const char* scheme = server.tls == MailServer::Tls::implicit ? "smtps" : "smtp";
  return fmt::format("{}://{}:{}/{}", scheme, server.host, server.port, server.helo);
}

void choose_tls(CURL* curl, const MailServer& server) {
  const bool plain = server.tls == MailServer::Tls::none;
  set(curl, CURLOPT_PROTOCOLS_STR, server.tls == MailServer::Tls::implicit ? "smtps" : "smtp");
  // CURLUSESSL_TRY would send the mail in clear text when the server refuses STARTTLS.
  set(curl, CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl::prove_peer(curl, server.ca_file);
}

}  // namespace

MailReply send_mail(const MailServer& server, const Mail& mail, milliseconds timeout, std::stop_token stop) {
  const curl::Handle handle = curl::open();
  CURL* curl = handle.get();
  curl::List recipients;
  for (const std::string& address : mail.to) curl::append(recipients, fmt::format("<{}>", address));
  std::string_view rest = mail.text;
  std::string detail(CURL_ERROR_SIZE, '\0');

  set(curl, CURLOPT_URL, url_of(server).c_str());
  choose_tls(curl, server);
  curl::avoid_forbidden_peers(curl);
  curl::limit_time(curl, timeout, stop);
  if (!server.user.empty()) {
    set(curl, CURLOPT_USERNAME, server.user.c_str());
    set(curl, CURLOPT_PASSWORD, server.password.reveal().c_str());
  }
  set(curl, CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
  set(curl, CURLOPT_MAIL_RCPT, recipients.get());
  set(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one mailbox that is gone does not keep the mail from the others
  set(curl, CURLOPT_UPLOAD, 1L);
  set(curl, CURLOPT_READFUNCTION, &give_text);
  set(curl, CURLOPT_READDATA, &rest);
  set(curl, CURLOPT_ERRORBUFFER, detail.data());

  const CURLcode result = curl_easy_perform(curl);
  MailReply reply;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.code);
  reply.kind = kind_of(result, reply.code);
  if (result == CURLE_OK) return reply;
  const std::string said = *detail.c_str() == '\0' ? curl_easy_strerror(result) : detail.c_str();
  reply.why = fmt::format("{}:{}: {}", server.host, server.port, one_line(said, 200));
  return reply;
}

}  // namespace pgvigil
