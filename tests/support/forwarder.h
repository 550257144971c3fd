#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <thread>

#include "core/file.h"

namespace pgvigil {

// A network between an agent and its server that can be cut: a Unix socket whose connections go on to another one.
// While it is silent, connections stay open and are accepted, and nothing goes through in either direction: what a
// client of a half-open TCP connection sees.
class Forwarder {
 public:
  // Listens at `from`, which must not exist; hands on to `to`.
  Forwarder(const std::filesystem::path& from, std::filesystem::path to);

  void fall_silent() { silent_ = true; }
  void speak() { silent_ = false; }

 private:
  struct Pair {
    Fd client;
    Fd server;
  };
  void run(const std::stop_token& stop);
  void accept_one();

  std::filesystem::path to_;
  Fd listener_;
  std::list<Pair> pairs_;  // the thread's own
  std::atomic<bool> silent_ = false;
  std::jthread thread_;
};

}  // namespace pgvigil
