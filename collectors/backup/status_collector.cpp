#include "collectors/backup/status_collector.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"

namespace pgvigil {

namespace {

BackupSummary summarise(const Manifest& manifest) {
  return {manifest.started,     manifest.snapshot,       manifest.finished,
          manifest.raw_bytes(), manifest.stored_bytes(), manifest.seconds};
}

std::optional<BackupSummary> newest(const std::map<std::string, BackupSummary>& backups) {
  const auto found = std::max_element(backups.begin(), backups.end(), [](const auto& a, const auto& b) {
    return a.second.finished < b.second.finished;
  });
  return found == backups.end() ? std::nullopt : std::optional(found->second);
}

std::optional<WallTime> next_run(const Schedule& schedule, WallTime now) {
  const auto* calendar = std::get_if<Calendar>(&schedule);
  return calendar == nullptr ? std::nullopt : calendar->cron.next(now);
}

std::optional<double> free_bytes(const std::filesystem::path& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return error ? std::nullopt : std::optional(static_cast<double>(space.available));
}

}  // namespace

BackupStatusCollector::BackupStatusCollector(std::vector<Job> jobs, RunJournal journal, WallTime now)
    : journal_(journal), info_{"backups", TaskKind::collector, Interval{seconds(5)}, seconds(5), true} {
  for (Job& job : jobs) {
    const WallTime since = journal_.configured_since(job.options.name, now);
    jobs_.push_back({std::move(job), since, {}, {}, {}});
  }
}

// Throws Error when something could not be read; what was known before is then still there.
void BackupStatusCollector::read_store(Known& known) {
  const std::vector<std::string> ids = known.job.store->ids();
  const std::set<std::string> present(ids.begin(), ids.end());
  std::erase_if(known.backups, [&](const auto& entry) { return !present.contains(entry.first); });
  std::erase_if(known.unreadable, [&](const auto& id) { return !present.contains(id); });
  std::optional<Error> failure;
  for (const std::string& id : present) {
    if (known.backups.contains(id) || known.unreadable.contains(id)) continue;
    try {
      known.backups.emplace(id, summarise(known.job.store->manifest(id)));
    } catch (const Error& error) {
      if (error.kind() == Error::Kind::unavailable) {
        failure = error;  // of the disk, not of the manifest: the next run tries again
        continue;
      }
      log::warn("a backup does not count: {}", error.what());
      known.unreadable.insert(id);
    }
  }
  if (failure) throw Error(*failure);
}

// One job's store must not hide the other jobs.
void BackupStatusCollector::refresh(Known& known) {
  const std::string& job = known.job.options.name;
  try {
    read_store(known);
    if (!known.store_problem.empty()) log::info("the store of backup {} can be read again", job);
    known.store_problem.clear();
  } catch (const std::exception& error) {
    if (known.store_problem != error.what()) log::error("the store of backup {}: {}", job, error.what());
    known.store_problem = error.what();
  }
}

JobStatus BackupStatusCollector::status(Known& known, WallTime now) {
  refresh(known);
  const BackupOptions& options = known.job.options;
  JobStatus status;
  status.job = options.name;
  status.database = options.database;
  status.configured_since = known.configured_since;
  status.store_readable = known.store_problem.empty();
  status.store_free_bytes = free_bytes(options.folder);
  status.newest = newest(known.backups);
  status.backups = journal_.history(options.name, RunKind::backup);
  status.has_drill = options.verify.has_value();
  if (status.has_drill) status.drills = journal_.history(options.name, RunKind::drill);
  status.next_run = next_run(options.schedule, now);
  return status;
}

std::vector<Family> BackupStatusCollector::run(RunContext& context) {
  const WallTime now = context.clock.wall_now();
  std::vector<JobStatus> all;
  all.reserve(jobs_.size());
  for (Known& known : jobs_) all.push_back(status(known, now));
  return backup_families(all, now);
}

}  // namespace pgvigil
