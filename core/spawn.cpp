#include "core/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include "core/error.h"
#include "core/pidfd.h"
#include "core/text.h"

namespace pgvigil {

namespace {

struct Pipe {
  Fd read_end;
  Fd write_end;
};

[[noreturn]] void fail(std::string_view what) {
  throw Error(Error::Kind::unavailable, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw Error(Error::Kind::invalid, fmt::format("the program {} is not installed", name));
}

// Who the child becomes; looked up before the fork, because the look-up is not safe between fork and exec.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

std::optional<Identity> find_identity(const std::optional<std::string>& user) {
  if (!user || ::geteuid() != 0) return std::nullopt;
  const passwd* entry = ::getpwnam(user->c_str());  // NOLINT(concurrency-mt-unsafe): copied at once
  if (entry == nullptr) throw Error(Error::Kind::invalid, fmt::format("there is no system user {}", *user));
  Identity identity{entry->pw_uid, entry->pw_gid, std::vector<gid_t>(64)};
  int count = static_cast<int>(identity.groups.size());
  if (::getgrouplist(user->c_str(), identity.gid, identity.groups.data(), &count) < 0) count = 1;
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

// What of the agent's own environment a child gets. Not all: secrets of the configuration may come from there. libpq's
// variables are for programs that the agent runs as itself.
bool inherited(std::string_view variable, bool as_other_user) {
  if (variable.starts_with("PG")) return !as_other_user;
  if (variable.starts_with("LC_")) return true;
  constexpr std::array<std::string_view, 6> names{"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"};
  return std::find(names.begin(), names.end(), variable) != names.end();
}

std::vector<std::string> merged_environment(const Command& command) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=')));
    if (inherited(name, command.run_as.has_value()) && !command.environment.contains(name)) result.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct ChildPlan {
  const char* program;
  char* const* argv;
  char* const* environment;
  const Identity* identity;
  const char* folder;
  std::array<int, 3> descriptors;
  int report;
  pid_t parent;
};

bool become(const Identity& identity) {
  return ::setgroups(identity.groups.size(), identity.groups.data()) == 0 && ::setgid(identity.gid) == 0 &&
         ::setuid(identity.uid) == 0;
}

// Runs in the child between fork and exec: only calls that are safe there (signal-safety(7)). A failure's errno goes to
// the parent through the report pipe.
[[noreturn]] void run_child(const ChildPlan& plan) {
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
  bool good = true;
  for (int target = 0; target < 3; ++target)
    good = good && ::dup2(plan.descriptors.at(static_cast<std::size_t>(target)), target) >= 0;
  good = good && (plan.identity == nullptr || become(*plan.identity));
  good = good && (plan.folder == nullptr || ::chdir(plan.folder) == 0);
  // After the change of user, which clears it; a parent that died before this point is noticed by its number.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);
  if (good) ::execve(plan.program, plan.argv, plan.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(plan.report, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

Spawned spawn(const Command& command) {
  const std::string program = find_program(command.argv.at(0));
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> variables = merged_environment(command);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> environment = pointers(variables);
  const std::optional<Identity> identity = find_identity(command.run_as);
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe error = make_pipe();
  Pipe report = make_pipe();
  const ChildPlan plan{program.c_str(),
                       argv.data(),
                       environment.data(),
                       identity ? &*identity : nullptr,
                       command.working_folder.empty() ? nullptr : command.working_folder.c_str(),
                       {input.read_end.get(), output.write_end.get(), error.write_end.get()},
                       report.write_end.get(),
                       ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) run_child(plan);
  ::setpgid(pid, pid);  // in both processes, so that it holds whoever comes first
  report.write_end.reset();
  int child_errno = 0;
  if (::read(report.read_end.get(), &child_errno, sizeof child_errno) == sizeof child_errno) {
    ::waitpid(pid, nullptr, 0);
    throw Error(Error::Kind::invalid,
                fmt::format("cannot start {}: {}", program, std::generic_category().message(child_errno)));
  }
  Spawned spawned{pid, open_pidfd(pid), std::move(input.write_end), std::move(output.read_end),
                  std::move(error.read_end)};
  for (const Fd* fd : {&spawned.input, &spawned.output, &spawned.error}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  return spawned;
}

}  // namespace pgvigil
