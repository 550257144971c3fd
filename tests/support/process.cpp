#include "tests/support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <system_error>

#include "core/pidfd.h"

namespace pgvigil {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

User find_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) throw std::runtime_error("no user " + name);
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (getgrouplist(name.c_str(), entry->pw_gid, groups.data(), &count) < 0)
    throw std::runtime_error("groups of " + name);
  groups.resize(static_cast<std::size_t>(count));
  return {entry->pw_uid, entry->pw_gid, std::move(groups)};
}

// All that the child needs, prepared before fork(): after it, in a program with threads, nothing may allocate.
class Launch {
 public:
  explicit Launch(const Process::Options& options) : options_(options) {
    for (const auto& word : options.argv) argv_.push_back(const_cast<char*>(word.c_str()));
    argv_.push_back(nullptr);
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (!options.environment.contains(std::string(text.substr(0, text.find('='))))) environment_.push_back(*entry);
    }
    for (const auto& [name, value] : options.environment) added_.push_back(name + "=" + value);
    for (auto& entry : added_) environment_.push_back(entry.data());
    environment_.push_back(nullptr);
    if (options.run_as && geteuid() == 0) user_ = find_user(*options.run_as);
  }

  [[noreturn]] void exec(int input, int out, int err, pid_t parent) const {
    const bool ready = setpgid(0, 0) == 0 && dup2(input, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
                       become_user() && enter_folder() &&
                       // After the change of user, which clears it.
                       prctl(PR_SET_PDEATHSIG, options_.death_signal) == 0 && getppid() == parent;
    if (ready) execvpe(argv_[0], argv_.data(), environment_.data());
    _exit(127);
  }

 private:
  bool become_user() const {
    if (!user_) return true;
    return setgroups(user_->groups.size(), user_->groups.data()) == 0 && setgid(user_->gid) == 0 &&
           setuid(user_->uid) == 0;
  }
  bool enter_folder() const { return options_.working_folder.empty() || chdir(options_.working_folder.c_str()) == 0; }

  const Process::Options& options_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  std::vector<std::string> added_;
  std::optional<User> user_;
};

Fd open_log(const std::filesystem::path& path) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) fail(path.string());
  return fd;
}

}  // namespace

Process::Process(const Options& options) {
  const Launch launch(options);
  const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const bool logged = !options.log_file.empty();
  const Fd log = logged ? open_log(options.log_file) : Fd();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0)
    launch.exec(nothing.get(), (logged ? log : out.write_end).get(), (logged ? log : err.write_end).get(), parent);
  setpgid(pid_, pid_);
  pid_fd_ = open_pidfd(pid_);
  if (!pid_fd_) fail("pidfd_open");
  out.write_end.reset();
  err.write_end.reset();
  reader_ = std::jthread([this, read_out = std::move(out.read_end), read_err = std::move(err.read_end)](
                             const std::stop_token& stop) { read_pipes(stop, read_out, read_err); });
}

Process::~Process() {
  kill(-pid_, SIGKILL);
  if (!exit_) waitpid(pid_, nullptr, 0);
}

bool Process::running() {
  return !wait(milliseconds(0));
}

void Process::signal(int number) const {
  if (!exit_) kill(pid_, number);
}

std::optional<Process::Exit> Process::wait(milliseconds timeout) {
  if (exit_) return exit_;
  pollfd ended{pid_fd_.get(), POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    const int found = poll(&ended, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    if (found > 0) break;
    if (found == 0) return std::nullopt;
    if (errno != EINTR) fail("poll");
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) fail("waitpid");
  exit_ = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  return exit_;
}

bool Process::wait_for_output(std::string_view text, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto found = [&] {
    return output_.find(text) != std::string::npos || error_output_.find(text) != std::string::npos;
  };
  changed_.wait_for(lock, timeout, [&] { return ended_ || found(); });
  return found();
}

bool Process::wait_for_end_of_output(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return ended_; });
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

std::string Process::error_output() const {
  const std::lock_guard lock(mutex_);
  return error_output_;
}

void Process::read_pipes(const std::stop_token& stop, const Fd& out, const Fd& err) {
  std::array<pollfd, 2> pipes{pollfd{out.get(), POLLIN, 0}, pollfd{err.get(), POLLIN, 0}};
  std::array<char, 16384> buffer{};
  while (!stop.stop_requested() && (pipes[0].fd >= 0 || pipes[1].fd >= 0)) {
    poll(pipes.data(), pipes.size(), 100);
    for (auto& one : pipes) {
      if (one.fd < 0 || one.revents == 0) continue;
      const ssize_t size = ::read(one.fd, buffer.data(), buffer.size());
      const std::lock_guard lock(mutex_);
      if (size > 0)
        (one.fd == out.get() ? output_ : error_output_).append(buffer.data(), static_cast<std::size_t>(size));
      if (size <= 0) one.fd = -1;
      changed_.notify_all();
    }
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::string run_or_throw(const Process::Options& options, milliseconds timeout) {
  Process process(options);
  const auto exit = process.wait(timeout);
  process.wait_for_end_of_output(milliseconds(2000));
  const auto details = options.argv[0] + ": " + process.error_output();
  if (!exit) throw std::runtime_error(details + " (still runs after its time)");
  if (*exit != Process::Exit{}) throw std::runtime_error(details);
  return process.output();
}

}  // namespace pgvigil
