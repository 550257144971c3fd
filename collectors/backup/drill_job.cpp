#include "collectors/backup/drill_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include "collectors/backup/drill_checks.h"
#include "collectors/backup/scratch_restore.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// What the questions of a drill found: for the journal and, when something is wrong, for the error.
struct Findings {
  Json::Array queries;
  std::vector<std::string> problems;
};

milliseconds until(SteadyTime deadline, const Clock& clock) {
  return std::max(std::chrono::duration_cast<milliseconds>(deadline - clock.steady_now()), milliseconds(1));
}

Answer ask(PgConnection& connection, const std::string& sql, milliseconds timeout, const std::stop_token& stop) {
  const PgRows rows = connection.query(sql, timeout, stop);
  Answer answer{rows.rows(), {}};
  if (rows.rows() > 0 && rows.columns() > 0) {
    if (const auto value = rows.get(0, 0)) answer.value = std::string(*value);
  }
  return answer;
}

void check_query(PgConnection& connection, const VerificationQuery& query, Findings& findings,
                 const RunContext& context) {
  Json::Object entry{{"sql", query.sql}};
  std::optional<std::string> problem;
  try {
    const Answer answer = ask(connection, query.sql, until(context.deadline, context.clock), context.stop);
    problem = judge(query, answer);
    if (answer.value) entry.emplace_back("answer", truncate_utf8(*answer.value, 200));
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled) throw;
    problem = error.what();
  }
  entry.emplace_back("good", !problem);
  findings.queries.emplace_back(std::move(entry));
  if (problem) findings.problems.push_back(fmt::format("{}: {}", one_line(query.sql, 200), *problem));
}

Findings question(const ScratchCluster& cluster, const Manifest& manifest,
                  const std::vector<VerificationQuery>& queries, const RunContext& context) {
  Findings findings;
  PgConnection connection = cluster.connect(manifest.source.database, Access::read_only, context.stop);
  const std::vector<TableRows> restored =
      count_rows(connection, INT64_MAX, until(context.deadline, context.clock), context.stop);
  findings.problems = compare_rows(manifest.tables, restored);
  for (const VerificationQuery& query : queries) check_query(connection, query, findings, context);
  return findings;
}

// PostgreSQL refuses root, so root has to become somebody.
std::optional<std::string> server_user(const DrillOptions& options) {
  if (::geteuid() != 0) return std::nullopt;
  return options.run_as.value_or("postgres");
}

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

DrillJob::DrillJob(BackupOptions options, const PgOptions& target, std::shared_ptr<BackupStore> store,
                   RunJournal journal, const std::filesystem::path& state_dir)
    : options_(std::move(options)),
      store_(std::move(store)),
      journal_(journal),
      index_(options_, target),
      folder_(
          std::filesystem::absolute(options_.verify->folder.empty() ? state_dir / "drills" : options_.verify->folder)),
      info_{"drill/" + options_.name, TaskKind::job, options_.verify->schedule, options_.verify->timeout} {}

std::optional<Manifest> DrillJob::newest_backup() const {
  std::vector<Manifest> all = manifests(*store_);
  return all.empty() ? std::nullopt : std::optional(std::move(all.back()));
}

std::vector<Family> DrillJob::run(RunContext& context) {
  const std::optional<Manifest> backup = newest_backup();
  if (!backup && !journal_.history(options_.name, RunKind::backup).last_done) {
    log::info("drill of {}: there is no backup yet", options_.name);
    return {};
  }
  JobRun run;
  run.started = context.clock.wall_now();
  run.id = new_run_id(run.started);
  run.job = options_.name;
  run.kind = RunKind::drill;
  run.backup = backup ? backup->id : "";
  run.owned = {(folder_ / run.id).string(),
               scratch_socket_folder(std::filesystem::temp_directory_path(), run.id).string()};
  try {
    journal_.record(run, context.clock, [&](JobRun& entry) {
      if (!backup) throw Error(Error::Kind::rejected, "backups were taken, but the store has none any more");
      drill(entry, *backup, context);
    });
  } catch (...) {
    index_.catch_up(journal_, *store_, context.stop);
    throw;
  }
  index_.catch_up(journal_, *store_, context.stop);
  return {};
}

ScratchPlan DrillJob::plan(const JobRun& run, const std::string& superuser) const {
  ScratchPlan plan;
  plan.run = run.id;
  plan.folder = run.owned.at(0);
  plan.socket_folder = run.owned.at(1);
  plan.run_as = server_user(*options_.verify);
  plan.superuser = superuser.empty() ? "postgres" : superuser;
  return plan;
}

void DrillJob::drill(JobRun& run, const Manifest& manifest, RunContext& context) const {
  ScratchPlan cluster_plan = plan(run, manifest.source.bootstrap_role);
  cluster_plan.tools = find_tools(options_.pg_bin, manifest.source.version / 10000,
                                  {"pg_restore", "psql", "initdb", "postgres"}, context.stop);
  const SteadyTime begun = context.clock.steady_now();
  const ScratchCluster cluster(std::move(cluster_plan), context.deadline, context.stop);
  const SteadyTime started = context.clock.steady_now();
  restore_globals(cluster, *store_, manifest, context.deadline, context.stop);
  restore_database(cluster, *store_, manifest, context.deadline, context.stop);
  const SteadyTime restored = context.clock.steady_now();
  const Findings findings = question(cluster, manifest, options_.verify->queries, context);
  run.restore_seconds = seconds_between(started, restored);
  Json::Array problems;
  for (const std::string& problem : findings.problems) problems.emplace_back(problem);
  run.results = Json::Object{{"server", cluster.tools().version},
                             {"start_seconds", seconds_between(begun, started)},
                             {"restore_seconds", run.restore_seconds},
                             {"check_seconds", seconds_between(restored, context.clock.steady_now())},
                             {"tables", static_cast<std::int64_t>(manifest.tables.size())},
                             {"queries", findings.queries},
                             {"problems", problems}};
  if (!findings.problems.empty())
    throw Error(Error::Kind::rejected, truncate_utf8(join(findings.problems, "; "), 1000));
  run.backup_started = manifest.started;
  log::info("backup {} is proved: restored in {}", manifest.id,
            format_duration(std::chrono::round<milliseconds>(restored - started)));
}

}  // namespace pgvigil
