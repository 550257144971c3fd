#include "tests/support/http_receiver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <system_error>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr int poll_ms = 50;  // how long a stop may go unseen

// The next bytes of the connection; nothing at its end or when a stop is requested.
bool read_some(const Fd& connection, const std::stop_token& stop, std::string& text) {
  pollfd ready{connection.get(), POLLIN, 0};
  while (poll(&ready, 1, poll_ms) == 0)
    if (stop.stop_requested()) return false;
  std::array<char, 16384> buffer{};
  const ssize_t size = recv(connection.get(), buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  text.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

// False when the client went away.
bool send_all(const Fd& connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

HttpReceiver::Request parse_head(std::string_view head) {
  HttpReceiver::Request request;
  const auto next_line = [&] {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    return line;
  };
  const std::string first(next_line());
  const auto path = first.find(' ') + 1;
  request.method = first.substr(0, path - 1);
  request.path = first.substr(path, first.find(' ', path) - path);
  while (!head.empty()) {
    const auto line = next_line();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
    request.headers[lower(line.substr(0, colon))] = value;
  }
  return request;
}

// A whole request with a Content-Length; nothing when the client went away.
std::optional<HttpReceiver::Request> read_request(const Fd& connection, const std::stop_token& stop) {
  std::string text;
  while (text.find("\r\n\r\n") == std::string::npos)
    if (!read_some(connection, stop, text)) return std::nullopt;
  const auto head_end = text.find("\r\n\r\n");
  auto request = parse_head(std::string_view(text).substr(0, head_end));
  request.body = text.substr(head_end + 4);
  if (request.headers.contains("expect")) send_all(connection, "HTTP/1.1 100 Continue\r\n\r\n");
  const auto length = request.headers.find("content-length");
  const std::size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (request.body.size() < size)
    if (!read_some(connection, stop, request.body)) return std::nullopt;
  return request;
}

std::string render_head(const HttpReceiver::Answer& answer) {
  std::string text = fmt::format("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", answer.status);
  if (answer.how != HttpReceiver::Answer::Body::endless)
    text += fmt::format("Content-Length: {}\r\n", answer.body.size());
  for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n";
}

}  // namespace

HttpReceiver::HttpReceiver(std::uint16_t port) : HttpReceiver(port, nullptr) {}

HttpReceiver::HttpReceiver(std::uint16_t port, Respond respond)
    : respond_(std::move(respond)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int yes = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, size) != 0 || listen(listener_.get(), 64) != 0 ||
      getsockname(listener_.get(), generic, &size) != 0)
    throw std::system_error(errno, std::generic_category(), fmt::format("port {} of 127.0.0.1", port));
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_connections(stop); });
}

HttpReceiver::~HttpReceiver() = default;

std::string HttpReceiver::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void HttpReceiver::accept_connections(const std::stop_token& stop) {
  std::list<std::jthread> connections;  // end with this thread
  pollfd ready{listener_.get(), POLLIN, 0};
  while (!stop.stop_requested()) {
    if (poll(&ready, 1, poll_ms) <= 0) continue;
    Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) continue;
    connections.emplace_back(
        [this, owned = std::move(connection)](const std::stop_token& asked) { serve(asked, owned); });
  }
}

void HttpReceiver::serve(const std::stop_token& stop, const Fd& connection) {
  const auto request = read_request(connection, stop);
  if (!request) return;
  const Answer answer = answer_to(*request);
  if (answer.delay > milliseconds(0)) {
    std::unique_lock lock(mutex_);
    if (arrived_.wait_for(lock, stop, answer.delay, [] { return false; }) || stop.stop_requested()) return;
  }
  if (!answer.close_without_answer) send_answer(stop, connection, answer);
}

void HttpReceiver::send_answer(const std::stop_token& stop, const Fd& connection, const Answer& answer) const {
  send_all(connection, render_head(answer));
  const std::string_view body = answer.body;
  switch (answer.how) {
    case Answer::Body::whole: send_all(connection, body); return;
    case Answer::Body::endless:
      while (!stop.stop_requested() && send_all(connection, body)) continue;
      return;
    case Answer::Body::stalls: {
      send_all(connection, body.substr(0, body.size() / 2));
      std::string ignored;
      while (read_some(connection, stop, ignored)) continue;  // until the client hangs up
    }
  }
}

HttpReceiver::Answer HttpReceiver::answer_to(const Request& request) {
  Answer answer;
  if (respond_) {
    const std::lock_guard lock(respond_mutex_);
    answer = respond_(request);
  }
  const std::lock_guard lock(mutex_);
  if (!respond_ && !script_.empty()) {
    answer = script_.front();
    script_.pop_front();
  }
  requests_.push_back(request);
  arrived_.notify_all();
  return answer;
}

void HttpReceiver::then(Answer answer) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(answer));
}

std::vector<HttpReceiver::Request> HttpReceiver::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool HttpReceiver::wait_for(std::size_t count, milliseconds timeout) const {
  return wait_until(timeout, [count](const auto& requests) { return requests.size() >= count; });
}

bool HttpReceiver::wait_until(milliseconds timeout,
                              const std::function<bool(const std::vector<Request>&)>& condition) const {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, timeout, [&] { return condition(requests_); });
}

}  // namespace pgvigil
