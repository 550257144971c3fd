#include "collectors/headroom/disk_space_task.h"

#include <unistd.h>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

constexpr milliseconds timeout{2000};
constexpr std::string_view insufficient_privilege = "42501";

}  // namespace

DiskSpaceOptions decode_disk_space(Section& section) {
  DiskSpaceOptions options{section.path("data_directory"), section.path("wal_directory")};
  section.finish();
  return options;
}

DiskSpaceTask::DiskSpaceTask(DiskSpaceOptions options, milliseconds interval)
    : options_(std::move(options)),
      info_{"disk_space", TaskKind::collector, Interval{interval}, timeout + seconds(5)} {}

DiskSpaceTask::Folder DiskSpaceTask::data_folder(RunContext& context) const {
  if (!options_.data_directory.empty()) return {options_.data_directory, {}};
  ConnectionPool::Lease session = context.connections.lease(context.deadline, context.stop);
  const ServerTime server_time(session.connection(), context.busy);
  try {
    // A Unix socket has no address.
    const PgRows rows = session.connection().query(
        "SELECT current_setting('data_directory'),"
        " inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr()",
        timeout, context.stop);
    if (rows.get(0, 1) == "t") return {rows.text(0, 0), {}};
    return {{}, "the server is not on the agent's host (or name its data_directory as it is mounted here)"};
  } catch (const Error& error) {
    if (error.sqlstate() != insufficient_privilege) throw;
    return {{}, "the role may not read data_directory (GRANT pg_read_all_settings or pg_monitor, or configure it)"};
  }
}

std::vector<Family> DiskSpaceTask::run(RunContext& context) {
  const Folder data = data_folder(context);
  const FileSystemAnswer answer = data.problem.empty() ? file_system_of(data.path) : FileSystemAnswer{{}, data.problem};
  if (!answer.found) {
    context.skipped = answer.problem;
    return {};
  }
  std::map<std::string, FileSystem> directories{{"data", *answer.found}};
  const bool configured = !options_.wal_directory.empty();
  const FileSystemAnswer wal = file_system_of(configured ? options_.wal_directory : data.path / "pg_wal");
  if (wal.found) directories.emplace("wal", *wal.found);
  if (std::exchange(last_problem_, wal.problem) != wal.problem && !wal.found) {
    log::info("disk_space: the folder of the WAL is not watched ({}); name it as wal_directory", wal.problem);
  }
  std::vector<Family> families = space_.observe(context.clock.steady_now(), directories);
  families.push_back({"pg_host_processors",
                      "Processors of the machine that the server runs on, as far as that is the agent's.",
                      MetricType::gauge,
                      {},
                      {{{}, static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN))}}});
  return families;
}

}  // namespace pgvigil
