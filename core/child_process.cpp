#include "core/child_process.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "core/error.h"
#include "core/poll.h"
#include "core/spawn.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_error_output = 8UL * 1024;
constexpr std::size_t max_output = 1 << 20;

// Reads what is there without waiting; nullopt at the end of the stream.
std::optional<std::size_t> read_some(Fd& fd, char* buffer, std::size_t size) {
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, size);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return std::size_t{0};
    fd.reset();
    return std::nullopt;
  }
}

}  // namespace

std::string ExitStatus::describe() const {
  std::string text = signal != 0 ? fmt::format("killed by signal {}", signal) : fmt::format("exit code {}", code);
  if (!error_output.empty()) text += ": " + error_output;
  return text;
}

struct ChildProcess::State {
  Spawned child;
  SteadyTime deadline;
  std::string program;
  std::string error_text;
  bool reaped = false;
  int wait_status = 0;

  void kill_group(int signal) const {
    if (!reaped) ::kill(-child.pid, signal);
  }

  void take_error_output() {
    std::array<char, 4096> buffer{};
    while (child.error) {
      const auto got = read_some(child.error, buffer.data(), buffer.size());
      if (!got || *got == 0) return;
      error_text.append(buffer.data(), *got);
      if (error_text.size() > 2 * max_error_output) error_text.erase(0, error_text.size() - max_error_output);
    }
  }

  // Waits for one of our descriptors and reads standard error meanwhile; kills the group when time is over.
  void wait_for_event(pollfd first, const std::stop_token& stop, pollfd second = {-1, 0, 0}) {
    std::array<pollfd, 3> fds{{first, second, {child.error.get(), POLLIN, 0}}};
    const Ready ready = wait_for(fds, deadline, stop);
    if (ready != Ready::yes) give_up(ready == Ready::stopped);
    take_error_output();
  }

  // A child that always has something for us never lets us wait: the limits hold all the same.
  void check_limits(const std::stop_token& stop) {
    if (stop.stop_requested()) give_up(true);
    if (std::chrono::steady_clock::now() >= deadline) give_up(false);
  }

  [[noreturn]] void give_up(bool stopped) const {
    kill_group(SIGKILL);
    if (stopped) throw Error(Error::Kind::cancelled, program + ": stopped");
    throw Error(Error::Kind::unavailable, program + ": not done within its deadline, killed");
  }

  bool reap(int options) {
    if (reaped) return true;
    pid_t result = 0;
    do {
      result = ::waitpid(child.pid, &wait_status, options);
    } while (result < 0 && errno == EINTR);
    reaped = result != 0;
    return reaped;
  }
};

ChildProcess::ChildProcess(const Command& command, SteadyTime deadline) : state_(std::make_unique<State>()) {
  state_->child = spawn(command);
  state_->deadline = deadline;
  state_->program = command.argv[0].substr(command.argv[0].rfind('/') + 1);
}

ChildProcess::~ChildProcess() {
  if (state_->reaped) return;
  state_->kill_group(SIGKILL);
  state_->reap(0);
}

pid_t ChildProcess::pid() const {
  return state_->child.pid;
}

std::size_t ChildProcess::read(char* buffer, std::size_t size, const std::stop_token& stop) {
  while (state_->child.output) {
    state_->check_limits(stop);
    const auto got = read_some(state_->child.output, buffer, size);
    if (!got) return 0;
    if (*got > 0) return *got;
    state_->wait_for_event({state_->child.output.get(), POLLIN, 0}, stop);
  }
  return 0;
}

void ChildProcess::write(std::string_view bytes, const std::stop_token& stop) {
  while (!bytes.empty()) {
    state_->check_limits(stop);
    const ssize_t written = ::write(state_->child.input.get(), bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      state_->wait_for_event({state_->child.input.get(), POLLOUT, 0}, stop);
    } else if (errno != EINTR) {
      throw Error(Error::Kind::rejected, state_->program + " stopped reading its input");
    }
  }
}

void ChildProcess::close_input() {
  state_->child.input.reset();
}

ExitStatus ChildProcess::wait(const std::stop_token& stop) {
  close_input();
  std::array<char, 4096> dropped{};
  while (!state_->reap(WNOHANG)) {
    state_->wait_for_event({state_->child.pidfd.get(), POLLIN, 0}, stop, {state_->child.output.get(), POLLIN, 0});
    while (state_->child.output && read_some(state_->child.output, dropped.data(), dropped.size()).value_or(0) > 0) {
    }
  }
  state_->take_error_output();
  ExitStatus status;
  if (WIFSIGNALED(state_->wait_status)) {
    status.signal = WTERMSIG(state_->wait_status);
  } else {
    status.code = WEXITSTATUS(state_->wait_status);
  }
  const std::string_view text = state_->error_text;
  status.error_output = one_line(text.substr(text.size() > 1000 ? text.size() - 1000 : 0));
  return status;
}

void ChildProcess::terminate(milliseconds grace) {
  if (state_->reap(WNOHANG)) return;
  state_->kill_group(SIGTERM);
  std::array<pollfd, 1> fds{{{state_->child.pidfd.get(), POLLIN, 0}}};
  if (wait_for(fds, std::chrono::steady_clock::now() + grace, {}) != Ready::yes) state_->kill_group(SIGKILL);
  state_->reap(0);
}

Output run(const Command& command, milliseconds timeout, const std::stop_token& stop) {
  ChildProcess child(command, std::chrono::steady_clock::now() + timeout);
  child.close_input();
  Output output;
  std::array<char, 16UL * 1024> buffer{};
  while (const std::size_t got = child.read(buffer.data(), buffer.size(), stop)) {
    if (output.text.size() < max_output)
      output.text.append(buffer.data(), std::min(got, max_output - output.text.size()));
  }
  output.status = child.wait(stop);
  return output;
}

}  // namespace pgvigil
