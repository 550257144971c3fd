#include "collectors/backup/recovery.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <system_error>

#include "collectors/backup/folder_store.h"
#include "collectors/backup/owned_folder.h"
#include "collectors/backup/run_journal.h"
#include "collectors/backup/scratch_cluster.h"
#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

void clear(const std::string& folder, const JobRun& run) {
  if (owns_folder(folder, run.id)) stop_leftover_server(folder);
  if (!remove_owned_folder(folder, run.id)) log::warn("{} stays: it does not carry the marker of {}", folder, run.id);
}

// Every folder, also when one of them cannot be removed; throws then in the end.
void clear_all(const JobRun& run) {
  std::exception_ptr failure;
  for (const std::string& folder : run.owned) {
    try {
      clear(folder, run);
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// A disk that is not mounted must not pass for one on which the run has left nothing.
void require_store(const JobRun& run) {
  for (const std::string& set : run.owned) {
    const std::filesystem::path folder = std::filesystem::path(set).parent_path();
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) continue;
    throw Error(Error::Kind::unavailable, fmt::format("{} cannot be looked at: {}", folder.string(),
                                                      error ? error.message() : "it is no folder"));
  }
}

// The agent died between the manifest and the journal.
bool was_committed(const JobRun& run) {
  return run.kind == RunKind::backup && run.owned.size() == 1 && is_committed_set(run.owned.front());
}

// Ends what the run has left and says in `run` how it ended. Throws when that cannot be done now.
void settle(JobRun& run) {
  if (run.kind == RunKind::backup) require_store(run);
  if (was_committed(run)) {
    run.state = RunState::done;
    run.backup = run.id;
    if (owns_folder(run.owned.front(), run.id)) release_owned_folder(run.owned.front());
    return;
  }
  run.state = RunState::interrupted;
  run.error = "the agent ended before the run did";
  clear_all(run);
}

}  // namespace

void recover_backups(LocalStore& store, const Clock& clock) {
  RunJournal journal(store);
  for (JobRun& run : journal.running()) {
    try {
      settle(run);
      run.finished = clock.wall_now();
      journal.finish(run);
      log::warn("{} {} of job {} was left running: it is {} now", to_string(run.kind), run.id, run.job,
                to_string(run.state));
    } catch (const std::exception& error) {
      log::error("{} {} of job {} was left running, and the next start has to settle it: {}", to_string(run.kind),
                 run.id, run.job, error.what());
    }
  }
}

}  // namespace pgvigil
