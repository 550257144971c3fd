#pragma once

#include <string>
#include <vector>

#include "alerts/notifier.h"
#include "alerts/notifiers.h"
#include "core/mail_client.h"

namespace pgvigil {

struct EmailOptions {
  MailServer server;
  std::string from;
  std::vector<std::string> to;
};

// Mail: plain text, one thread for each key, the same Message-ID on every attempt, so that servers and programs for
// mail can drop a repetition. TLS unless `tls: none` is said.
class EmailNotifier final : public Notifier {
 public:
  explicit EmailNotifier(EmailOptions options) : options_(std::move(options)) {}

  Verdict deliver(std::span<const Letter> letters, const Wire& wire) const override;
  ReceiverTraits traits() const override;

 private:
  EmailOptions options_;
};

// host, port, tls (starttls, implicit or none), from, to, user, password or password_file, helo.
std::vector<NotifierPtr> decode_email(Section& section, const DecodeContext& context);

// The whole mail with its headers. Nothing in the letter can add a header: all of it is encoded.
std::string mail_text(const Letter& letter, const std::string& from, const std::vector<std::string>& to);

}  // namespace pgvigil
