#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "core/clock.h"

namespace pgvigil {

// A thread with a name that stops when it is asked. An exception that leaves its function is logged and ends the
// process: a monitor of which half is dead is worse than one that is restarted.
class Worker {
 public:
  Worker(std::string name, std::function<void(std::stop_token)> body);

  void request_stop() { thread_.request_stop(); }

 private:
  std::jthread thread_;
};

// Waiting that ends early when somebody rings or a stop is requested. Nothing in the project sleeps otherwise.
class Bell {
 public:
  void ring();

  // Returns at `until`, or when somebody rang since the last wait, or when `stop` is requested.
  void wait_until(SteadyTime until, const std::stop_token& stop);
  void wait_for(milliseconds duration, const std::stop_token& stop) {
    wait_until(std::chrono::steady_clock::now() + duration, stop);
  }

 private:
  std::mutex mutex_;  // guards rung_
  std::condition_variable_any rung_condition_;
  bool rung_ = false;
};

}  // namespace pgvigil
