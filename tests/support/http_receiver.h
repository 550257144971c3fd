#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/file.h"

namespace pgvigil {

// The other side of a notifier or a storage back end: an HTTP server on 127.0.0.1 that keeps what it received and
// answers from a script, failures included. What Slack and PagerDuty do is in the scripts, not here. Any thread.
class HttpReceiver {
 public:
  struct Request {
    std::string method;
    std::string path;                            // with the query
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::map<std::string, std::string> headers;
    std::string body = "ok";
    milliseconds delay{0};              // before the answer is sent
    bool close_without_answer = false;  // the request arrived, and nobody will know
    enum class Body {
      whole,
      stalls,   // half of it comes, then nothing more
      endless,  // it comes again and again
    };
    Body how = Body::whole;
  };
  using Respond = std::function<Answer(const Request&)>;

  // Answers each request with the next of then()'s answers, and with 200 "ok" when there is none.
  HttpReceiver() : HttpReceiver(0) {}
  explicit HttpReceiver(std::uint16_t port);  // 0: a free one
  // `respond` is called on the connection's thread, by one thread at a time.
  HttpReceiver(std::uint16_t port, Respond respond);
  ~HttpReceiver();
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const;

  // One answer more in the script.
  void then(Answer answer);

  std::vector<Request> requests() const;
  // Whether `count` requests arrived (were read whole) within `timeout`.
  bool wait_for(std::size_t count, milliseconds timeout) const;
  bool wait_until(milliseconds timeout, const std::function<bool(const std::vector<Request>&)>& condition) const;

 private:
  void accept_connections(const std::stop_token& stop);
  void serve(const std::stop_token& stop, const Fd& connection);
  Answer answer_to(const Request& request);
  void send_answer(const std::stop_token& stop, const Fd& connection, const Answer& answer) const;

  Respond respond_;
  std::mutex respond_mutex_;  // one call of respond_ at a time
  mutable std::mutex mutex_;  // guards script_ and requests_
  mutable std::condition_variable_any arrived_;
  std::deque<Answer> script_;
  std::vector<Request> requests_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::jthread acceptor_;
};

}  // namespace pgvigil
