#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "collectors/backup/pg_tools.h"
#include "core/child_process.h"
#include "core/clock.h"
#include "core/pg_connection.h"

namespace pgvigil {

// What a throw-away cluster needs. Both folders are made for it, and carry the run's marker.
struct ScratchPlan {
  PgTools tools;
  std::string run;                      // the id that is in the markers
  std::filesystem::path folder;         // the data
  std::filesystem::path socket_folder;  // apart and short: a socket's path has at most 107 bytes
  std::optional<std::string> run_as;    // a system user, needed when the agent is root
  std::string superuser;                // the name that initdb gives to the first role
};

// Where the socket goes: below `temporary` unless that is too long.
std::filesystem::path scratch_socket_folder(const std::filesystem::path& temporary, std::string_view run);

// A PostgreSQL server that lives as long as this object and nobody else can reach: no TCP, a socket in a folder of its
// own, no archiving, no preloaded libraries, no replication workers. The destructor stops it and removes its
// folders; what a killed agent leaves, recover_backups() removes. One thread at a time.
class ScratchCluster {
 public:
  // initdb and start; returns when it accepts connections. Throws Error.
  ScratchCluster(ScratchPlan plan, SteadyTime deadline, const std::stop_token& stop);
  ~ScratchCluster();
  ScratchCluster(const ScratchCluster&) = delete;
  ScratchCluster& operator=(const ScratchCluster&) = delete;

  // As the superuser. Says everything that PG* variables of the agent could say otherwise.
  std::string conninfo(std::string_view database) const;

  // A session on it, with the search_path that the database gives to every program.
  PgConnection connect(std::string_view database, Access access, const std::stop_token& stop) const;

  const PgTools& tools() const { return plan_.tools; }
  const std::string& superuser() const { return plan_.superuser; }

 private:
  void make_folders() const;
  void initialise(SteadyTime deadline, const std::stop_token& stop) const;
  void start(SteadyTime deadline);
  void wait_until_ready(SteadyTime deadline, const std::stop_token& stop);
  void stop_server() noexcept;
  void remove_folders() const noexcept;

  ScratchPlan plan_;
  std::optional<ChildProcess> server_;
};

// Stops the server of a cluster in `folder` whose agent died. Only a process that works in that cluster's data folder
// is touched. Throws Error::unavailable when it does not end.
void stop_leftover_server(const std::filesystem::path& folder);

}  // namespace pgvigil
