#include "collectors/backup/scratch_cluster.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "collectors/backup/owned_folder.h"
#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/pidfd.h"
#include "core/poll.h"

namespace pgvigil {

namespace {

constexpr milliseconds stop_grace{10000};
constexpr milliseconds poll_interval{50};
constexpr std::size_t longest_socket_path = 107;  // sockaddr_un, unix(7)

// Nothing of it survives, so nothing has to be durable; nothing of it may reach anything else.
constexpr std::array server_settings{"listen_addresses=",
                                     "port=5432",
                                     "unix_socket_permissions=0700",
                                     "archive_mode=off",
                                     "shared_preload_libraries=",
                                     "max_logical_replication_workers=0",
                                     "max_wal_senders=0",
                                     "wal_level=minimal",
                                     "fsync=off",
                                     "full_page_writes=off",
                                     "synchronous_commit=off",
                                     "autovacuum=off",
                                     "shared_buffers=32MB",
                                     "max_connections=10",
                                     "logging_collector=on",  // or a full pipe on standard error would stop the server
                                     "log_directory=log",
                                     "log_min_error_statement=panic"};

void give_to(const std::filesystem::path& folder, const std::string& user) {
  const passwd* entry = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): used at once
  if (entry == nullptr) throw Error(Error::Kind::invalid, fmt::format("there is no system user {}", user));
  if (::chown(folder.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw Error(Error::Kind::unavailable,
                fmt::format("cannot give {} to {}: {}", folder.string(), user, std::generic_category().message(errno)));
  }
}

std::string in_quotes(std::string_view value) {
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

bool is_in(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// A process that works in a folder, held by a descriptor, so that its number cannot be given to another one meanwhile.
Fd process_in(const std::filesystem::path& proc_entry, const std::filesystem::path& folder) {
  const int pid = std::atoi(proc_entry.filename().c_str());  // NOLINT(cert-err34-c): 0 is no process
  if (pid <= 0) return {};
  Fd process = open_pidfd(pid);
  std::error_code error;
  const std::filesystem::path working_folder = std::filesystem::read_symlink(proc_entry / "cwd", error);
  return process && !error && is_in(working_folder, folder) ? std::move(process) : Fd();
}

// initdb and its children begin in the cluster's folder; PostgreSQL's processes go on to the data folder.
std::vector<Fd> processes_in(const std::filesystem::path& folder) {
  std::vector<Fd> processes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    if (Fd process = process_in(entry.path(), folder)) processes.push_back(std::move(process));
  }
  return processes;
}

bool ends_within(const Fd& process, milliseconds patience) {
  std::array<pollfd, 1> fds{{{process.get(), POLLIN, 0}}};
  return wait_for(fds, std::chrono::steady_clock::now() + patience, {}) == Ready::yes;
}

}  // namespace

std::filesystem::path scratch_socket_folder(const std::filesystem::path& temporary, std::string_view run) {
  const std::string name = fmt::format("pgvigil-{}", run);
  const std::size_t length = (temporary / name / ".s.PGSQL.5432").string().size();
  return (length <= longest_socket_path ? temporary : std::filesystem::path("/tmp")) / name;
}

ScratchCluster::ScratchCluster(ScratchPlan plan, SteadyTime deadline, const std::stop_token& stop)
    : plan_(std::move(plan)) {
  try {
    make_folders();
    initialise(deadline, stop);
    start(deadline);
    wait_until_ready(deadline, stop);
  } catch (...) {
    stop_server();
    remove_folders();
    throw;
  }
}

ScratchCluster::~ScratchCluster() {
  stop_server();
  remove_folders();
}

void ScratchCluster::stop_server() noexcept {
  try {
    // An immediate shutdown: nothing of it is wanted any more. Killing it would leave its processes for a moment.
    if (server_) {
      ::kill(server_->pid(), SIGQUIT);
      server_->terminate(stop_grace);
    }
  } catch (const std::exception& error) {
    log::error("stopping a throw-away server: {}", error.what());
  }
  server_.reset();
}

void ScratchCluster::make_folders() const {
  // The server's user must be able to pass, and to see nothing.
  if (!std::filesystem::exists(plan_.folder.parent_path())) {
    std::filesystem::create_directories(plan_.folder.parent_path());
    using std::filesystem::perms;
    std::filesystem::permissions(plan_.folder.parent_path(), perms::owner_all | perms::group_exec | perms::others_exec);
  }
  for (const std::filesystem::path& folder : {plan_.folder, plan_.socket_folder}) {
    make_owned_folder(folder, plan_.run);
    if (plan_.run_as) give_to(folder, *plan_.run_as);
  }
}

void ScratchCluster::remove_folders() const noexcept {
  for (const std::filesystem::path* folder : {&plan_.folder, &plan_.socket_folder}) {
    try {
      remove_owned_folder(*folder, plan_.run);
    } catch (const std::exception& error) {
      log::error("a throw-away cluster is left over: {}", error.what());
    }
  }
}

void ScratchCluster::initialise(SteadyTime deadline, const std::stop_token& stop) const {
  const Command initdb{
      {plan_.tools.program("initdb"), "--pgdata=" + (plan_.folder / "data").string(), "--username=" + plan_.superuser,
       "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--no-sync"},
      {},
      plan_.run_as,
      plan_.folder};
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
  const Output output = run(initdb, left, stop);
  if (output.status.ok()) return;
  throw Error(Error::Kind::rejected,
              fmt::format("initdb{}: {}", plan_.run_as ? " as user " + *plan_.run_as : "", output.status.describe()));
}

void ScratchCluster::start(SteadyTime deadline) {
  Command command{{plan_.tools.program("postgres"), "-D", (plan_.folder / "data").string(), "-c",
                   "unix_socket_directories=" + plan_.socket_folder.string()},
                  {},
                  plan_.run_as,
                  plan_.folder};
  for (const char* setting : server_settings) command.argv.insert(command.argv.end(), {"-c", setting});
  server_.emplace(command, deadline);
}

void ScratchCluster::wait_until_ready(SteadyTime deadline, const std::stop_token& stop) {
  const Fd process = open_pidfd(server_->pid());
  while (true) {
    try {
      connect("template1", Access::read_only, stop);
      return;
    } catch (const Error& error) {
      if (error.kind() != Error::Kind::unavailable) throw;
      if (std::chrono::steady_clock::now() >= deadline) throw error.in("the throw-away server does not start");
    }
    std::array<pollfd, 1> fds{{{process.get(), POLLIN, 0}}};
    if (wait_for(fds, std::chrono::steady_clock::now() + poll_interval, stop) == Ready::yes) {
      throw Error(Error::Kind::rejected, "the throw-away server: " + server_->wait(stop).describe());
    }
  }
}

std::string ScratchCluster::conninfo(std::string_view database) const {
  return fmt::format(
      "host={} hostaddr='' port=5432 user={} dbname={} password='' options='' channel_binding=disable"
      " target_session_attrs=any",
      in_quotes(plan_.socket_folder.string()), in_quotes(plan_.superuser), in_quotes(database));
}

PgConnection ScratchCluster::connect(std::string_view database, Access access, const std::stop_token& stop) const {
  PgOptions options;
  options.conninfo = conninfo(database);
  options.application_name = "pgvigil/" + plan_.run;
  options.access = access;
  options.catalog_names_only = false;
  return PgConnection::open(options, stop);
}

void stop_leftover_server(const std::filesystem::path& folder) {
  std::error_code absent;
  const std::filesystem::path home = std::filesystem::canonical(folder, absent);
  if (absent) return;
  for (const int signal : {SIGQUIT, SIGKILL, SIGKILL}) {  // a process that was looked for may have started another
    const std::vector<Fd> processes = processes_in(home);
    for (const Fd& process : processes) signal_process(process, signal);
    for (const Fd& process : processes) ends_within(process, stop_grace);
  }
  if (!processes_in(home).empty()) {
    throw Error(Error::Kind::unavailable, fmt::format("a server in {} does not end", folder.string()));
  }
}

}  // namespace pgvigil
