#include "collectors/backup/recovery.h"

#include <exception>
#include <filesystem>

#include "collectors/backup/folder_store.h"
#include "collectors/backup/owned_folder.h"
#include "collectors/backup/run_journal.h"
#include "collectors/backup/scratch_cluster.h"
#include "core/log.h"

namespace pgvigil {

namespace {

void clear(const std::filesystem::path& folder, const JobRun& run) {
  try {
    if (owns_folder(folder, run.id)) stop_leftover_server(folder);
    if (!remove_owned_folder(folder, run.id))
      log::warn("{} stays: it does not carry the marker of {}", folder.string(), run.id);
  } catch (const std::exception& error) {
    log::error("left over by run {}: {}", run.id, error.what());
  }
}

// The agent died between the manifest and the journal.
bool was_committed(const JobRun& run) {
  return run.kind == RunKind::backup && run.owned.size() == 1 && is_committed_set(run.owned.front());
}

// Ends what the run has left and says in `run` how it ended.
void settle(JobRun& run) {
  if (was_committed(run)) {
    run.state = RunState::done;
    run.backup = run.id;
    if (owns_folder(run.owned.front(), run.id)) release_owned_folder(run.owned.front());
    return;
  }
  run.state = RunState::interrupted;
  run.error = "the agent ended before the run did";
  for (const std::string& folder : run.owned) clear(folder, run);
}

}  // namespace

void recover_backups(LocalStore& store, const Clock& clock) {
  RunJournal journal(store);
  for (JobRun& run : journal.running()) {
    settle(run);
    run.finished = clock.wall_now();
    journal.finish(run);
    log::warn("{} {} of job {} was left running: it is {} now", to_string(run.kind), run.id, run.job,
              to_string(run.state));
  }
}

}  // namespace pgvigil
