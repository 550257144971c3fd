#include "tests/support/standby.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

namespace pgvigil {

namespace {

void run_as_owner(std::vector<std::string> argv) {
  const auto user = geteuid() == 0 ? std::optional<std::string>("postgres") : std::nullopt;
  run_or_throw({std::move(argv), {}, user, "/", {}, SIGKILL}, milliseconds(60000));
}

}  // namespace

void make_standby(PgCluster& primary, PgCluster& standby) {
  standby.stop();
  primary.execute("SELECT pg_create_physical_replication_slot('standby', true)");
  primary.stop();
  std::filesystem::remove_all(standby.data_folder());
  run_as_owner({"cp", "-a", "--reflink=auto", primary.data_folder(), standby.data_folder()});
  // Not every version here brings pg_basebackup; what it leaves out of a copy is the primary's slots.
  std::filesystem::remove_all(standby.data_folder() / "pg_replslot" / "standby");
  run_as_owner({"touch", standby.data_folder() / "standby.signal"});
  std::ofstream(standby.data_folder() / "postgresql.conf", std::ios::app)
      << fmt::format("unix_socket_directories = '{}'\nprimary_conninfo = '{} application_name=standby'\n",
                     standby.socket_folder().string(), primary.conninfo("replication"))
      << "primary_slot_name = 'standby'\nhot_standby_feedback = on\nwal_receiver_status_interval = 1s\n";
  primary.start();
  standby.start();
}

bool caught_up(const PgCluster& primary, const PgCluster& standby, milliseconds timeout) {
  const std::string target = primary.execute("SELECT pg_current_wal_lsn()").text(0, 0);
  PgConnection connection = standby.connect();
  return eventually(timeout, [&] {
    return connection.query("SELECT coalesce(pg_last_wal_replay_lsn() >= '" + target + "'::pg_lsn, false)").get(0, 0) ==
           "t";
  });
}

}  // namespace pgvigil
