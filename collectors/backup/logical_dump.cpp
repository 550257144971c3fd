#include "collectors/backup/logical_dump.h"

#include <fmt/format.h>

#include "core/error.h"

namespace pgvigil {

namespace {

// A lock that is not granted by then belongs to something long; the dump waits in front of others and would stall them.
constexpr milliseconds lock_wait = std::chrono::minutes(1);
constexpr std::size_t piece = 256 << 10;

std::map<std::string, std::string> environment(const PgOptions& source) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : libpq_environment(source)) result[name] = value;
  return result;
}

// A bare name with '=' in it would be read as a connection string; and a service's own database wins over PGDATABASE.
// For pg_dumpall this is the value of --database: of --dbname it takes everything but the database.
std::string as_conninfo(const std::string& database) {
  return with_database("", database);
}

std::string program_name(const Command& command) {
  return command.argv.front().substr(command.argv.front().rfind('/') + 1);
}

}  // namespace

Command dump_command(const PgTools& tools, const PgOptions& source, const std::string& database,
                     const std::string& snapshot) {
  return {{tools.program("pg_dump"), "--format=custom", "--compress=0", "--no-password",
           fmt::format("--dbname={}", as_conninfo(database)), fmt::format("--lock-wait-timeout={}", lock_wait.count()),
           fmt::format("--snapshot={}", snapshot)},
          environment(source),
          {},
          {}};
}

Command globals_command(const PgTools& tools, const PgOptions& source, const std::string& database) {
  return {{tools.program("pg_dumpall"), "--globals-only", "--no-role-passwords", "--no-password",
           fmt::format("--database={}", as_conninfo(database))},
          environment(source),
          {},
          {}};
}

void stream_output(const Command& command, ByteSink& sink, SteadyTime deadline, const std::stop_token& stop,
                   const std::function<void()>& on_first_output) {
  ChildProcess child(command, deadline);
  child.close_input();
  std::string buffer(piece, '\0');
  bool first = true;
  while (true) {
    const std::size_t got = child.read(buffer.data(), buffer.size(), stop);
    if (std::exchange(first, false)) on_first_output();
    if (got == 0) break;
    sink.write({buffer.data(), got});
  }
  const ExitStatus status = child.wait(stop);
  if (!status.ok()) throw Error(Error::Kind::rejected, fmt::format("{}: {}", program_name(command), status.describe()));
  sink.finish();
}

}  // namespace pgvigil
