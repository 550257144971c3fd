#include "collectors/backup/run_journal.h"

#include <fmt/format.h>

#include <random>

#include "core/error.h"
#include "core/text.h"

namespace pgvigil {

namespace {

const std::vector<std::string>& schema() {
  static const std::vector<std::string> steps{
      "CREATE TABLE backup_run (id TEXT PRIMARY KEY, job TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,"
      " owned TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER, error TEXT NOT NULL, backup TEXT NOT NULL,"
      " backup_started INTEGER, restore_seconds REAL NOT NULL, results TEXT NOT NULL, indexed INTEGER NOT NULL DEFAULT "
      "0)",
      "CREATE INDEX backup_run_by_job ON backup_run (job, kind, state)",
      "CREATE TABLE backup_job (job TEXT PRIMARY KEY, configured INTEGER NOT NULL)",
  };
  return steps;
}

constexpr std::string_view columns =
    "id, job, kind, state, owned, started, finished, error, backup, backup_started, restore_seconds, results";

std::int64_t to_column(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime to_time(std::int64_t column) {
  return WallTime(std::chrono::microseconds(column));
}

std::optional<std::int64_t> to_column(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return to_column(*time);
}

RunState state_from(std::string_view text) {
  for (const RunState state : {RunState::running, RunState::done, RunState::failed}) {
    if (text == to_string(state)) return state;
  }
  return RunState::interrupted;
}

JobRun read_run(const LocalStore::Statement& row) {
  const auto time = [&](int column) {
    return row.is_null(column) ? std::nullopt : std::optional(to_time(row.integer(column)));
  };
  JobRun run;
  run.id = row.text(0);
  run.job = row.text(1);
  run.kind = row.text(2) == to_string(RunKind::drill) ? RunKind::drill : RunKind::backup;
  run.state = state_from(row.text(3));
  const Json owned = Json::parse(row.text(4));
  for (const Json& folder : owned.array()) run.owned.push_back(folder.text());
  run.started = to_time(row.integer(5));
  run.finished = time(6);
  run.error = row.text(7);
  run.backup = row.text(8);
  run.backup_started = time(9);
  run.restore_seconds = row.number(10);
  run.results = Json::parse(row.text(11));
  return run;
}

}  // namespace

std::string_view to_string(RunKind kind) {
  return kind == RunKind::backup ? "backup" : "drill";
}

std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::running: return "running";
    case RunState::done: return "done";
    case RunState::failed: return "failed";
    case RunState::interrupted: return "interrupted";
  }
  return "";
}

std::string new_run_id(WallTime now) {
  std::random_device random;
  return fmt::format("{}-{:08x}", format_time_compact(now), random());
}

RunJournal::RunJournal(LocalStore& store) : store_(store) {
  store_.migrate("backup", schema());
}

void RunJournal::begin(const JobRun& run) {
  Json::Array owned;
  for (const std::string& folder : run.owned) owned.emplace_back(folder);
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction
        .prepare(
            "UPDATE backup_run SET state = 'interrupted', finished = ?, error = 'its end was not entered'"
            " WHERE job = ? AND kind = ? AND state = 'running'")
        .bind(to_column(run.started))
        .bind(run.job)
        .bind(to_string(run.kind))
        .step();
    transaction
        .prepare(
            fmt::format("INSERT INTO backup_run ({}) VALUES (?, ?, ?, ?, ?, ?, NULL, '', ?, NULL, 0, 'null')", columns))
        .bind(run.id)
        .bind(run.job)
        .bind(to_string(run.kind))
        .bind(to_string(run.state))
        .bind(Json(owned).dump())
        .bind(to_column(run.started))
        .bind(run.backup)
        .step();
  });
}

void RunJournal::finish(const JobRun& run) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction
        .prepare(
            "UPDATE backup_run SET state = ?, finished = ?, error = ?, backup = ?, backup_started = ?,"
            " restore_seconds = ?, results = ?, indexed = 0 WHERE id = ?")
        .bind(to_string(run.state))
        .bind(to_column(run.finished))
        .bind(run.error)
        .bind(run.backup)
        .bind(to_column(run.backup_started))
        .bind(run.restore_seconds)
        .bind(run.results.dump())
        .bind(run.id)
        .step();
  });
}

void RunJournal::record(JobRun& run, const Clock& clock, const std::function<void(JobRun&)>& work) {
  begin(run);
  const auto end = [&](RunState state, const std::string& error) {
    run.state = state;
    run.error = error;
    run.finished = clock.wall_now();
    finish(run);
  };
  try {
    work(run);
  } catch (const Error& error) {
    end(error.kind() == Error::Kind::cancelled ? RunState::interrupted : RunState::failed, error.what());
    throw;
  } catch (const std::exception& error) {
    end(RunState::failed, error.what());
    throw;
  }
  end(RunState::done, "");
}

std::vector<JobRun> RunJournal::select(std::string_view condition, const std::vector<std::string>& parameters) const {
  std::vector<JobRun> runs;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    auto rows = transaction.prepare(fmt::format("SELECT {} FROM backup_run WHERE {}", columns, condition));
    for (const std::string& parameter : parameters) rows.bind(parameter);
    while (rows.step()) runs.push_back(read_run(rows));
  });
  return runs;
}

std::vector<JobRun> RunJournal::running() const {
  return select("state = 'running' ORDER BY rowid", {});
}

RunHistory RunJournal::history(std::string_view job, RunKind kind) const {
  const std::vector<std::string> parameters{std::string(job), std::string(to_string(kind))};
  const auto newest = [&](std::string_view state) -> std::optional<JobRun> {
    std::vector<JobRun> runs =
        select(fmt::format("job = ? AND kind = ? AND {} ORDER BY rowid DESC LIMIT 1", state), parameters);
    return runs.empty() ? std::nullopt : std::optional(std::move(runs.front()));
  };
  RunHistory history{newest("state = 'running'"), newest("state <> 'running'"), newest("state = 'done'"), std::nullopt};
  const std::vector<JobRun> proved = select(
      "job = ? AND kind = ? AND state = 'done' AND backup_started IS NOT NULL ORDER BY backup_started DESC LIMIT 1",
      parameters);
  if (!proved.empty()) history.newest_proved = proved.front().backup_started;
  return history;
}

WallTime RunJournal::configured_since(std::string_view job, WallTime now) {
  WallTime since = now;
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("INSERT INTO backup_job VALUES (?, ?) ON CONFLICT (job) DO NOTHING")
        .bind(job)
        .bind(to_column(now))
        .step();
    auto row = transaction.prepare("SELECT configured FROM backup_job WHERE job = ?");
    row.bind(job);
    if (row.step()) since = to_time(row.integer(0));
  });
  return since;
}

std::vector<JobRun> RunJournal::not_indexed(std::string_view job) const {
  return select("job = ? AND state <> 'running' AND indexed = 0 ORDER BY rowid", {std::string(job)});
}

void RunJournal::mark_indexed(std::string_view id) {
  store_.transaction([&](LocalStore::Transaction& transaction) {
    transaction.prepare("UPDATE backup_run SET indexed = 1 WHERE id = ?").bind(id).step();
  });
}

}  // namespace pgvigil
