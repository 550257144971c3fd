#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/secret.h"

namespace pgvigil {

// What to run. There is no shell: the words of argv arrive as they are. Nothing secret may stand in argv (everybody can
// read it); what is secret goes into the environment or a file.
struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it holds a slash
  // Added to what a child gets of the agent's own: PATH, HOME, LANG, LC_*, TZ, TMPDIR, LD_LIBRARY_PATH, and PG* unless
  // it runs as another user.
  std::map<std::string, std::string> environment;
  std::optional<std::string> run_as;     // a system user, only when the agent runs as root
  std::filesystem::path working_folder;  // empty: the agent's own
};

struct ExitStatus {
  int code = 0;              // the exit code, when the child ended by itself
  int signal = 0;            // the signal that ended it, otherwise 0
  std::string error_output;  // the end of its standard error, capped, one line

  bool ok() const { return code == 0 && signal == 0; }
  std::string describe() const;  // "exit code 1: connection refused", "killed by signal 9"
};

// A child program in a process group of its own, which the kernel also ends when the agent dies (PR_SET_PDEATHSIG). Its
// standard output comes through a pipe; its standard error is read all the time, so that a full pipe cannot stop it,
// and its end is kept. The destructor kills the group and waits: no child outlives its owner. One thread at a time.
class ChildProcess {
 public:
  // Throws Error::invalid when the program cannot be started. Output that nobody reads: use run() below.
  ChildProcess(const Command& command, SteadyTime deadline);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;

  // Next piece of standard output, into `buffer`; 0 at its end. Throws Error::cancelled when `stop` is requested and
  // Error::unavailable when the deadline passes; the process group is killed in both cases.
  std::size_t read(char* buffer, std::size_t size, const std::stop_token& stop);

  // Writes all of `bytes` to standard input; same errors as read(), and Error::rejected when the child stopped reading.
  void write(std::string_view bytes, const std::stop_token& stop);
  void close_input();

  // Waits for the end (reading on and dropping output), same errors as read().
  ExitStatus wait(const std::stop_token& stop);

  // SIGTERM to the group, SIGKILL after `grace`.
  void terminate(milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Output {
  ExitStatus status;
  std::string text;  // standard output, at most 1 MiB
};

// Runs a command to its end, without input. A child that fails is an answer, not an exception.
Output run(const Command& command, milliseconds timeout, const std::stop_token& stop = {});

}  // namespace pgvigil
