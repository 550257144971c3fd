#include "tests/support/pg_cluster.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace pgvigil {

namespace {

constexpr milliseconds start_limit{30000};

std::vector<std::filesystem::path> server_roots() {
  std::vector<std::filesystem::path> roots{"/usr/lib/postgresql"};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a test
  if (const char* more = std::getenv("PGVIGIL_TEST_SERVERS")) roots.emplace_back(more);
  return roots;
}

// PostgreSQL's programs refuse to run as root.
std::optional<std::string> server_user() {
  if (geteuid() == 0) return "postgres";
  return std::nullopt;
}

void run_as_server_user(std::vector<std::string> argv) {
  run_or_throw({std::move(argv), {}, server_user(), "/", {}, SIGKILL}, start_limit);
}

// A cluster fresh from initdb, made once a version and copied from then on: that takes a tenth of the time.
const std::filesystem::path& cluster_template(int major) {
  static std::mutex mutex;
  static std::map<int, std::unique_ptr<TempDir>> folders;
  static std::map<int, std::filesystem::path> made;
  const std::lock_guard lock(mutex);
  if (auto found = made.find(major); found != made.end()) return found->second;
  auto folder = std::make_unique<TempDir>(TempDir::Access::readable_by_all);
  std::filesystem::permissions(folder->path(), std::filesystem::perms::all);
  const auto data = folder->path() / "data";
  run_as_server_user({PgCluster::programs(major) / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync"});
  folders[major] = std::move(folder);
  return made[major] = data;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::vector<int> PgCluster::available_versions() {
  std::set<int> found;
  for (const auto& root : server_roots()) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root, ignored)) {
      const int major = std::atoi(entry.path().filename().c_str());  // NOLINT(cert-err34-c): 0 is no version
      if (major > 0 && std::filesystem::exists(entry.path() / "bin" / "initdb")) found.insert(major);
    }
  }
  if (found.empty()) throw std::runtime_error("no PostgreSQL server found: run script/bootstrap --test");
  return {found.begin(), found.end()};
}

std::vector<int> PgCluster::usual_versions() {
  std::vector<int> versions = available_versions();
  std::erase_if(versions, [](int major) { return major != 15 && major != 17; });
  return versions.empty() ? available_versions() : versions;
}

std::filesystem::path PgCluster::programs(int major) {
  for (const auto& root : server_roots())
    if (auto folder = root / std::to_string(major) / "bin"; std::filesystem::exists(folder / "initdb")) return folder;
  throw std::runtime_error(fmt::format("PostgreSQL {} is not here: run script/bootstrap --test", major));
}

PgCluster::PgCluster(int major, const Settings& settings) : major_(major) {
  const auto& original = cluster_template(major);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  run_as_server_user({"cp", "-a", "--reflink=auto", original, data_folder()});
  write_settings(settings);
  start();
}

PgCluster::~PgCluster() {
  try {
    stop(Stop::immediate);
  } catch (const std::exception& error) {
    fmt::print(stderr, "PgCluster: {}\n", error.what());
  }
}

void PgCluster::write_settings(const Settings& settings) const {
  Settings all{{"listen_addresses", ""},   {"unix_socket_directories", folder_.path()},
               {"port", "5432"},           {"fsync", "off"},
               {"shared_buffers", "32MB"}, {"shared_preload_libraries", "pg_stat_statements"},
               {"timezone", "UTC"},        {"lc_messages", "C"},
               {"max_connections", "50"}};
  for (const auto& [name, value] : settings) all[name] = value;
  std::ofstream file(data_folder() / "postgresql.conf", std::ios::app);
  for (const auto& [name, value] : all) file << name << " = '" << value << "'\n";
}

std::string PgCluster::conninfo(std::string_view database, std::string_view user) const {
  return fmt::format("host={} port=5432 user={} dbname={}", folder_.path().string(), user, database);
}

std::string PgCluster::log() const {
  const auto path = folder_ / "log";
  return std::filesystem::exists(path) ? slurp(path) : "";
}

// The eighth line of postmaster.pid, as pg_ctl reads it.
bool PgCluster::ready() const {
  std::ifstream file(data_folder() / "postmaster.pid");
  std::string line;
  for (int number = 1; number <= 8 && std::getline(file, line); ++number) {
    if (number == 1 && line != std::to_string(pid())) return false;
    if (number == 8) return line.starts_with("ready");
  }
  return false;
}

void PgCluster::start() {
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  while (std::chrono::steady_clock::now() < deadline) {
    server_.emplace(Process::Options{
        {programs(major_) / "postgres", "-D", data_folder()}, {}, server_user(), "/", folder_ / "log", SIGQUIT});
    // After kill() the old processes may take a moment to let go of the shared memory; then the server has to try
    // again.
    if (eventually(start_limit, [&] { return ready() || !server_->running(); }) && server_->running()) return;
    if (log().find("shared memory block") == std::string::npos) break;
  }
  throw std::runtime_error("PostgreSQL does not start:\n" + log());
}

void PgCluster::stop(Stop mode) {
  if (!server_) return;
  server_->signal(mode == Stop::fast ? SIGINT : SIGQUIT);
  if (!server_->wait(start_limit)) throw std::runtime_error("PostgreSQL does not stop:\n" + log());
  server_.reset();
}

void PgCluster::signal_all(int number) const {
  // Each of the server's processes leads a group of its own.
  std::istringstream children(first_line(fmt::format("/proc/{0}/task/{0}/children", pid())));
  server_->signal(number);
  pid_t child = 0;
  while (children >> child) ::kill(child, number);
}

void PgCluster::kill() {
  if (!server_) return;
  signal_all(SIGKILL);
  server_->wait(start_limit);
  server_.reset();
}

void PgCluster::set(std::string_view setting, std::string_view value) {
  std::ofstream(data_folder() / "postgresql.conf", std::ios::app) << setting << " = '" << value << "'\n";
  if (server_) server_->signal(SIGHUP);
}

PgRows PgCluster::execute(std::string_view sql, std::string_view database) const {
  return connect(database).query(sql, milliseconds(60000));
}

PgConnection PgCluster::connect(std::string_view database, std::string_view user) const {
  PgOptions options;
  options.conninfo = conninfo(database, user);
  options.application_name = "test";
  options.access = Access::read_write;
  options.catalog_names_only = false;
  options.statement_timeout = milliseconds(60000);
  options.lock_timeout = milliseconds(60000);
  return PgConnection::open(options);
}

}  // namespace pgvigil
