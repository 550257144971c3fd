#include "core/worker.h"

#include <pthread.h>

#include <cstdlib>
#include <exception>

#include "core/log.h"

namespace pgvigil {

namespace {

void run_guarded(const std::string& name, const std::function<void(std::stop_token)>& body,
                 const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  try {
    body(stop);
  } catch (const std::exception& error) {
    log::error("thread {} failed, the process ends: {}", name, error.what());
    std::abort();
  }
}

}  // namespace

Worker::Worker(std::string name, std::function<void(std::stop_token)> body)
    : thread_([name = std::move(name), body = std::move(body)](const std::stop_token& stop) {
        run_guarded(name, body, stop);
      }) {}

void Bell::ring() {
  {
    const std::lock_guard lock(mutex_);
    rung_ = true;
  }
  rung_condition_.notify_all();
}

void Bell::wait_until(SteadyTime until, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  rung_condition_.wait_until(lock, stop, until, [this] { return rung_; });
  rung_ = false;
}

}  // namespace pgvigil
