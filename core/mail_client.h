#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"

namespace pgvigil {

// A server that takes mail.
struct MailServer {
  enum class Tls {
    starttls,  // the connection becomes TLS before anything is said; a server that refuses gets nothing
    implicit,  // TLS from the first byte
    none,      // everybody on the way reads along
  };
  std::string host;
  std::uint16_t port = 587;
  Tls tls = Tls::starttls;
  std::string helo = "localhost";  // the name we give
  std::string user;                // empty: no login
  Secret password;
  std::string ca_file;  // empty: the system's authorities
};

struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string text;  // headers and body with CRLF line ends
};

// What became of a mail.
struct MailReply {
  enum class Kind {
    accepted,      // the server said yes to the whole of it
    later,         // no connection, no answer, or a 4xx: whether it arrived may be unknown
    refused,       // 5xx to the text
    not_accepted,  // 5xx to the sender, the recipients or the login, or TLS could not be had: a person has to look
  };
  Kind kind = Kind::later;
  long code = 0;    // SMTP's, 0 when the server said nothing
  std::string why;  // without secrets
};

// Sends one mail and waits for the answer. Any thread. Throws Error::invalid for what libcurl cannot take.
MailReply send_mail(const MailServer& server, const Mail& mail, milliseconds timeout, std::stop_token stop);

}  // namespace pgvigil
