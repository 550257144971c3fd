#include "alerts/notifiers/email.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "alerts/message_text.h"
#include "core/base64.h"
#include "core/sha256.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_subject = 200;
constexpr std::size_t max_list = 30'000;

// "user@host", of characters that mean nothing in a header or an SMTP command.
bool is_address(std::string_view text) {
  const auto at = text.find('@');
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("<>()[],;:\\\"").find(c) == std::string_view::npos;
  });
  return plain && at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.rfind('@') == at;
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

// RFC 2047: lines of at most 76 characters, the header's name included, no code point cut in two.
std::string encoded_subject(std::string_view subject) {
  constexpr std::size_t word_bytes = 39;
  std::string result;
  while (!subject.empty()) {
    std::size_t size = std::min(word_bytes, subject.size());
    while (size < subject.size() && size > 1 && (static_cast<unsigned char>(subject[size]) & 0xC0U) == 0x80U) --size;
    result += (result.empty() ? "" : "\r\n ") + fmt::format("=?UTF-8?B?{}?=", encode_base64(subject.substr(0, size)));
    subject.remove_prefix(size);
  }
  return result;
}

std::string lines_of_base64(std::string_view text) {
  constexpr std::size_t line_length = 76;
  const std::string encoded = encode_base64(text);
  std::string result;
  for (std::size_t i = 0; i < encoded.size(); i += line_length) result += encoded.substr(i, line_length) + "\r\n";
  return result;
}

std::string about(const AlertNews& news) {
  std::string text = fmt::format("{}\n", describe(news));
  if (!news.announcement.description.empty()) text += "\n" + news.announcement.description + "\n";
  if (!news.announcement.runbook.empty() && news.firing) text += "\nWhat to do: " + news.announcement.runbook + "\n";
  text += fmt::format("\nServer: {}\nRule: {}\nSince: {}\n", news.instance, news.rule, format_time(news.since));
  for (const auto& [name, value] : news.announcement.labels) text += fmt::format("{}: {}\n", name, value);
  return text;
}

std::string body_of(const Letter& letter) {
  std::string text = headline(letter) + "\n\n";
  if (letter.news.alerts.size() == 1) return text + about(letter.news.alerts.front());
  return text + join(list_alerts(letter.news, max_list), "\n") + "\n";
}

MailServer decode_server(Section& section, const DecodeContext& context) {
  MailServer server;
  server.host = section.require_text("host");
  if (!server.host.empty() && !is_host(server.host)) section.fail("host is the name or address of a mail server");
  const std::string tls = section.choice("tls", "starttls", {"starttls", "implicit", "none"});
  if (tls == "implicit") server.tls = MailServer::Tls::implicit;
  if (tls == "none") server.tls = MailServer::Tls::none;
  const std::int64_t usual = server.tls == MailServer::Tls::implicit ? 465 : 587;
  server.port = static_cast<std::uint16_t>(section.integer("port", usual, 1, 65535));
  server.helo = section.text("helo", "localhost");
  if (!is_host(server.helo)) section.fail("helo is the name of this host");
  server.user = section.text("user");
  server.password = section.secret("password");
  if (server.tls == MailServer::Tls::none && !server.user.empty())
    section.fail("without TLS everybody on the way could read the password");
  server.ca_file = context.ca_file;
  return server;
}

}  // namespace

std::vector<NotifierPtr> decode_email(Section& section, const DecodeContext& context) {
  EmailOptions options;
  options.server = decode_server(section, context);
  options.from = section.require_text("from");
  options.to = section.texts("to");
  if (options.to.empty()) section.fail("to: is missing");
  std::vector<std::string> addresses = options.to;
  if (!options.from.empty()) addresses.push_back(options.from);
  for (const std::string& address : addresses) {
    if (!is_address(address)) section.fail("a mail address has the form user@host, without a name");
  }
  return {std::make_shared<EmailNotifier>(std::move(options))};
}

ReceiverTraits EmailNotifier::traits() const {
  return {.form = ChannelPolicy::Form::grouped, .burst = 5, .pace = milliseconds(2000)};
}

std::string mail_text(const Letter& letter, const std::string& from, const std::vector<std::string>& to) {
  const std::string host = from.substr(from.find('@') + 1);
  const std::string thread = fmt::format("<{}@{}>", sha256_hex(letter.news.key).substr(0, 32), host);
  const auto whole = std::chrono::floor<seconds>(letter.news.at);
  std::string text;
  const auto header = [&text](std::string_view name, std::string_view value) {
    text += fmt::format("{}: {}\r\n", name, value);
  };
  header("Date",
         fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::chrono::system_clock::to_time_t(whole))));
  header("From", from);
  header("To", join(to, ",\r\n "));
  header("Subject", encoded_subject(truncate_utf8(one_line(headline(letter)), max_subject)));
  header("Message-ID", fmt::format("<{}@{}>", letter.id, host));
  header("In-Reply-To", thread);
  header("References", thread);
  header("Auto-Submitted", "auto-generated");
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "base64");
  return text + "\r\n" + lines_of_base64(body_of(letter));
}

Verdict EmailNotifier::deliver(std::span<const Letter> letters, const Wire& wire) const {
  const Mail mail{options_.from, options_.to, mail_text(letters.front(), options_.from, options_.to)};
  const MailReply reply = send_mail(options_.server, mail, wire.timeout, wire.stop);
  Verdict verdict{.why = reply.why, .status = reply.code};
  switch (reply.kind) {
    case MailReply::Kind::accepted: verdict.kind = Verdict::Kind::delivered; break;
    case MailReply::Kind::later:
      verdict.kind = reply.code >= 400 ? Verdict::Kind::receiver_failed : Verdict::Kind::unreachable;
      break;
    case MailReply::Kind::refused: verdict.kind = Verdict::Kind::payload_refused; break;
    case MailReply::Kind::not_accepted: verdict.kind = Verdict::Kind::misconfigured; break;
  }
  return verdict;
}

}  // namespace pgvigil
