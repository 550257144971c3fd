#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "exporter/tls.h"

namespace pgvigil {

// A mail server on 127.0.0.1 that keeps what it is told and answers as its script says. One connection at a time.
class SmtpReceiver {
 public:
  struct Script {
    // By a command or its first word, or "." for the end of the text: what is said instead of the usual yes.
    std::map<std::string, std::string> replies;
    std::shared_ptr<const TlsContext> tls;  // offered by STARTTLS when it is there
    bool hang_up_after_text = false;        // the text arrived, and nobody will know
  };
  struct Mail {
    std::string from;
    std::vector<std::string> to;
    std::string text;
    bool over_tls = false;
  };

  SmtpReceiver() : SmtpReceiver(Script()) {}
  explicit SmtpReceiver(Script script);
  ~SmtpReceiver();
  SmtpReceiver(const SmtpReceiver&) = delete;
  SmtpReceiver& operator=(const SmtpReceiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<Mail> mails() const;            // those that were accepted
  std::vector<std::string> commands() const;  // all lines but the text's

 private:
  class Connection;
  void accept_connections(const std::stop_token& stop);
  void serve(Connection& connection);
  bool take_text(Connection& connection, Mail& mail);
  std::string reply_to(const std::string& line) const;

  Script script_;
  mutable std::mutex mutex_;  // guards mails_ and commands_
  std::vector<Mail> mails_;
  std::vector<std::string> commands_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::jthread acceptor_;
};

}  // namespace pgvigil
