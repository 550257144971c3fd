#include "tests/support/smtp_receiver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <system_error>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr int poll_ms = 50;  // how long a stop may go unseen

}  // namespace

// Lines over a socket, in clear text and then in TLS.
class SmtpReceiver::Connection {
 public:
  Connection(Fd socket, std::stop_token stop) : socket_(std::move(socket)), stop_(std::move(stop)) {
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  }

  std::optional<std::string> line() {
    while (buffer_.find("\r\n") == std::string::npos)
      if (!read()) return std::nullopt;
    const auto end = buffer_.find("\r\n");
    std::string result = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return result;
  }

  bool say(const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
      std::size_t written = 0;
      if (tls_) {
        if (!go_on(tls_->write(rest, written))) return false;
      } else {
        const ssize_t size = send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (size < 0) return false;
        written = static_cast<std::size_t>(size);
      }
      rest.remove_prefix(written);
    }
    return true;
  }

  bool start_tls(const std::shared_ptr<const TlsContext>& context) {
    tls_.emplace(context, socket_.get());
    while (true) {
      const auto step = tls_->handshake();
      if (step == TlsSession::Step::done) return true;
      if (!go_on(step)) return false;
    }
  }
  bool over_tls() const { return tls_.has_value(); }

 private:
  bool wait(short events) const {
    pollfd ready{socket_.get(), events, 0};
    while (poll(&ready, 1, poll_ms) == 0)
      if (stop_.stop_requested()) return false;
    return true;
  }
  bool go_on(TlsSession::Step step) const {
    if (step == TlsSession::Step::wants_read) return wait(POLLIN);
    if (step == TlsSession::Step::wants_write) return wait(POLLOUT);
    return step == TlsSession::Step::done;
  }
  bool read() {
    std::array<char, 4096> bytes{};
    std::size_t got = 0;
    if (tls_) {
      if (!go_on(tls_->read(bytes, got))) return false;
    } else {
      if (!wait(POLLIN)) return false;
      const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (size <= 0) return false;
      got = static_cast<std::size_t>(size);
    }
    buffer_.append(bytes.data(), got);
    return true;
  }

  Fd socket_;
  std::stop_token stop_;
  std::optional<TlsSession> tls_;
  std::string buffer_;
};

SmtpReceiver::SmtpReceiver(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, size) != 0 || listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), generic, &size) != 0)
    throw std::system_error(errno, std::generic_category(), "a port of 127.0.0.1");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_connections(stop); });
}

SmtpReceiver::~SmtpReceiver() = default;

void SmtpReceiver::accept_connections(const std::stop_token& stop) {
  pollfd ready{listener_.get(), POLLIN, 0};
  while (!stop.stop_requested()) {
    if (poll(&ready, 1, poll_ms) <= 0) continue;
    Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    Connection connection(std::move(socket), stop);
    serve(connection);
  }
}

std::string SmtpReceiver::reply_to(const std::string& line) const {
  const std::string word = line.substr(0, line.find(' '));
  for (const std::string& key : {line, word}) {
    const auto scripted = script_.replies.find(key);
    if (scripted != script_.replies.end()) return scripted->second + "\r\n";
  }
  if (word == "EHLO")
    return script_.tls ? "250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" : "250-test\r\n250 AUTH PLAIN\r\n";
  if (word == "STARTTLS") return script_.tls ? "220 go ahead\r\n" : "502 not here\r\n";
  if (word == "AUTH") return "334 \r\n";
  if (word == "DATA") return "354 go on\r\n";
  return word == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
}

void SmtpReceiver::serve(Connection& connection) {
  connection.say("220 test\r\n");
  Mail mail;
  while (const auto line = connection.line()) {
    const std::string word = line->substr(0, line->find(' '));
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(*line);
    }
    const std::string reply = reply_to(*line);
    if (word == "MAIL") mail.from = *line;
    if (word == "RCPT" && reply.starts_with('2')) mail.to.push_back(*line);
    if (!connection.say(reply) || word == "QUIT") return;
    if (word == "AUTH" && reply.starts_with('3') && (!connection.line() || !connection.say("235 welcome\r\n"))) return;
    if (word == "STARTTLS" && reply.starts_with('2') && !connection.start_tls(script_.tls)) return;
    if (word == "DATA" && reply.starts_with('3') && !take_text(connection, mail)) return;
  }
}

bool SmtpReceiver::take_text(Connection& connection, Mail& mail) {
  while (const auto line = connection.line()) {
    if (*line != ".") {
      mail.text += *line + "\r\n";
      continue;
    }
    const std::string reply = reply_to(".");
    if (reply.starts_with('2')) {
      mail.over_tls = connection.over_tls();
      const std::lock_guard lock(mutex_);
      mails_.push_back(mail);
    }
    return !script_.hang_up_after_text && connection.say(reply);
  }
  return false;
}

std::vector<SmtpReceiver::Mail> SmtpReceiver::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

std::vector<std::string> SmtpReceiver::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

}  // namespace pgvigil
