#include "tests/support/backup_lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "core/error.h"

namespace pgvigil {

namespace {

std::string read_proc(const std::filesystem::path& file) {
  try {
    return slurp(file);
  } catch (const std::exception&) {
    return {};  // the process has ended
  }
}

}  // namespace

int BackupLab::server_version() {
  const std::vector<int> versions = PgCluster::available_versions();
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (std::filesystem::exists(PgCluster::programs(*version) / "pg_dump")) return *version;
  }
  throw std::runtime_error("no PostgreSQL with pg_dump found: run script/bootstrap --test");
}

BackupLab::BackupLab(const PgCluster::Settings& settings) {
  std::signal(SIGPIPE, SIG_IGN);  // as the agent does
  // A drill's server runs as another user, which has to reach its folder.
  std::filesystem::create_directory(folder("state"));
  open_store();
  cluster_.emplace(server_version(), settings);
}

BackupLab::~BackupLab() = default;

void BackupLab::make_shop() {
  PgCluster& server = cluster();
  server.execute("CREATE ROLE shop_owner LOGIN PASSWORD 'owner'");
  server.execute("CREATE ROLE \"shop Reader\"");
  server.execute("GRANT \"shop Reader\" TO shop_owner");
  server.execute("CREATE DATABASE shop OWNER shop_owner");
  server.execute("ALTER DATABASE shop SET search_path = sales, public");
  PgConnection session = server.connect("shop");
  session.query("CREATE SCHEMA sales AUTHORIZATION shop_owner");
  session.query("SET ROLE shop_owner");
  for (const char* sql :
       {"CREATE TABLE sales.orders (id bigserial PRIMARY KEY, total numeric NOT NULL CHECK (total >= 0))",
        "CREATE TABLE sales.\"Odd Name\" (note text)",
        "CREATE VIEW sales.revenue AS SELECT sum(total) AS sum FROM sales.orders",
        "CREATE FUNCTION sales.vat(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1 * 0.19'",
        "INSERT INTO sales.orders (total) SELECT n FROM generate_series(1, 500) n",
        "INSERT INTO sales.\"Odd Name\" VALUES (E'two\\nlines'), (NULL)",
        "GRANT SELECT ON ALL TABLES IN SCHEMA sales TO \"shop Reader\""}) {
    session.query(sql);
  }
}

void BackupLab::make_bulk(int megabytes) {
  cluster().execute("CREATE TABLE public.bulk (id int, filler text)", "shop");
  // About 1000 bytes a row.
  cluster().execute(fmt::format("INSERT INTO public.bulk SELECT n, (SELECT string_agg(md5(n::text || k::text), '') FROM"
                                " generate_series(1, 31) k) FROM generate_series(1, {}) n",
                                megabytes * 1000),
                    "shop");
}

BackupOptions BackupLab::job() const {
  BackupOptions job;
  job.name = "shop";
  job.database = "shop";
  job.schedule = Interval{std::chrono::hours(24)};
  job.folder = folder("backups");
  job.timeout = std::chrono::minutes(5);
  job.verify.emplace();
  job.verify->schedule = Interval{std::chrono::hours(24)};
  job.verify->timeout = std::chrono::minutes(5);
  return job;
}

std::string BackupLab::run(const BackupOptions& job, std::string_view name, std::stop_token stop) {
  PgOptions target;
  target.conninfo = cluster().conninfo();
  const std::vector<TaskPtr> tasks = make_backup_tasks({job}, target, store(), folder("state"), clock_);
  ConnectionPool connections(target, 1, clock_);
  for (const TaskPtr& task : tasks) {
    if (task->info().name != name) continue;
    RunContext context{connections, clock_, clock_.steady_now() + task->info().timeout, std::move(stop), {}};
    try {
      task->run(context);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  throw std::logic_error("there is no task " + std::string(name));
}

std::map<std::string, double> BackupLab::metrics(const BackupOptions& job) {
  std::map<std::string, double> result;
  PgOptions target;
  const std::vector<TaskPtr> tasks = make_backup_tasks({job}, target, store(), folder("state"), clock_);
  ConnectionPool connections(target, 1, clock_);
  RunContext context{connections, clock_, clock_.steady_now() + seconds(5), {}, {}};
  for (const Family& family : tasks.back()->run(context)) {
    for (const SeriesView sample : family.samples) result[family.name] = sample.value;
  }
  return result;
}

std::vector<std::string> BackupLab::listing(const std::filesystem::path& root) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(root)) return names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    names.push_back(std::filesystem::relative(entry.path(), root).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<pid_t> BackupLab::processes(std::string_view name, std::string_view text) {
  std::vector<pid_t> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());  // NOLINT(cert-err34-c): 0 is no process
    if (pid <= 0 || read_proc(entry.path() / "comm") != std::string(name) + "\n") continue;
    const std::string words = read_proc(entry.path() / "cmdline") + read_proc(entry.path() / "environ");
    if (words.find(text) != std::string::npos) result.push_back(pid);
  }
  return result;
}

}  // namespace pgvigil
