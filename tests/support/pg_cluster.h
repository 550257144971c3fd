#pragma once

#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pg_connection.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

// A PostgreSQL server of a test's own: in a temporary folder, reached by a Unix socket only, everybody trusted, its
// superuser `postgres`, pg_stat_statements preloaded, fsync off. It dies with the test. Servers are found in
// /usr/lib/postgresql/VERSION/bin and in $PGVIGIL_TEST_SERVERS/VERSION/bin. One thread at a time.
//
//   class Activity : public testing::TestWithParam<int> { PgCluster cluster{GetParam()}; };
//   INSTANTIATE_TEST_SUITE_P(Versions, Activity, testing::ValuesIn(PgCluster::usual_versions()));
class PgCluster {
 public:
  using Settings = std::map<std::string, std::string>;  // as in postgresql.conf, without quotes
  enum class Stop { fast, immediate };

  // Major versions in ascending order. Throws when there is none: tests must not pass because nothing was tried.
  static std::vector<int> available_versions();
  // Those that tests of behaviour run on: Debian 12's and Debian 13's, as far as they are there. What depends on the
  // columns that a version has is tested on all.
  static std::vector<int> usual_versions();

  // The folder of a version's server programs (postgres, initdb, pg_ctl, …).
  static std::filesystem::path programs(int major);

  // Started and ready. Throws, with the server's log, when it does not come up.
  explicit PgCluster(int major, const Settings& settings = {});
  // The newest version there is.
  explicit PgCluster(const Settings& settings = {}) : PgCluster(available_versions().back(), settings) {}
  ~PgCluster();
  PgCluster(const PgCluster&) = delete;
  PgCluster& operator=(const PgCluster&) = delete;

  int major() const { return major_; }
  std::string conninfo(std::string_view database = "postgres", std::string_view user = "postgres") const;
  const std::filesystem::path& socket_folder() const { return folder_.path(); }
  std::filesystem::path data_folder() const { return folder_ / "data"; }
  std::string log() const;
  pid_t pid() const { return server_ ? server_->pid() : -1; }

  void start();
  void stop(Stop mode = Stop::fast);
  // SIGKILL to the server and all its processes, as a crash of the machine would.
  void kill();
  bool running() { return server_ && server_->running(); }
  // SIGSTOP to the server and all its processes: it neither answers nor refuses, until it is thawed.
  void freeze() const { signal_all(SIGSTOP); }
  void thaw() const { signal_all(SIGCONT); }

  // A line more in the configuration, and a reload.
  void set(std::string_view setting, std::string_view value);

  // One statement, as superuser, in a session of its own. Throws Error as PgConnection does.
  PgRows execute(std::string_view sql, std::string_view database = "postgres") const;

  // A session as superuser (or `user`) that may write.
  PgConnection connect(std::string_view database = "postgres", std::string_view user = "postgres") const;

 private:
  void signal_all(int number) const;
  void write_settings(const Settings& settings) const;
  bool ready() const;

  int major_;
  TempDir folder_{TempDir::Access::readable_by_all};
  std::optional<Process> server_;
};

}  // namespace pgvigil
