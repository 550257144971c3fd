#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/file.h"

namespace pgvigil {

// A program that a test starts, watches, signals and outlives: the agent's binary, a PostgreSQL server, promtool. What
// it prints is kept. Apart from core's ChildProcess, so that a test does not judge the agent by the agent's own code.
// The destructor kills it and its process group; when the test dies, the kernel sends `death_signal`.
class Process {
 public:
  struct Options {
    std::vector<std::string> argv;                   // argv[0] is looked up in PATH
    std::map<std::string, std::string> environment;  // added to the test's own
    std::optional<std::string> run_as;               // a system user; only as root
    std::filesystem::path working_folder;
    std::filesystem::path log_file;  // standard output and error go there when it is set
    int death_signal = SIGKILL;
  };
  struct Exit {
    int code = 0;    // when it ended by itself
    int signal = 0;  // when a signal ended it
    bool operator==(const Exit&) const = default;
  };

  explicit Process(const Options& options);
  explicit Process(std::vector<std::string> argv) : Process(Options{std::move(argv), {}, {}, {}, {}, SIGKILL}) {}
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;

  // How it ended, or nothing when it still runs after `timeout`.
  std::optional<Exit> wait(milliseconds timeout);

  // Whether `text` appeared in standard output or error; ends early when the program ends without having said it.
  bool wait_for_output(std::string_view text, milliseconds timeout);
  // After its end the pipes may still hold something; whoever wants all of it waits for this.
  bool wait_for_end_of_output(milliseconds timeout);
  std::string output() const;
  std::string error_output() const;

 private:
  void read_pipes(const std::stop_token& stop, const Fd& out, const Fd& err);

  pid_t pid_ = -1;
  Fd pid_fd_;
  std::optional<Exit> exit_;
  mutable std::mutex mutex_;  // guards output_, error_output_ and ended_
  std::condition_variable changed_;
  std::string output_;
  std::string error_output_;
  bool ended_ = false;  // both pipes are closed
  std::jthread reader_;
};

// Runs a program to its end and returns its standard output. Throws with its standard error when it fails.
std::string run_or_throw(const Process::Options& options, milliseconds timeout);

// Asks `condition` again and again until it holds; false when it does not within `timeout`.
template <typename Condition>
bool eventually(milliseconds timeout, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

}  // namespace pgvigil
