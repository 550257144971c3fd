#include "collectors/backup/job_status.h"

#include <algorithm>
#include <functional>

namespace pgvigil {

namespace {

// A family with a series for each job that `value` has one for.
using Value = std::function<std::optional<double>(const JobStatus&)>;

// A clock that was set back must not make a negative age.
double age(WallTime since, WallTime now) {
  return std::max(0.0, unix_seconds(now) - unix_seconds(since));
}

double timestamp(const std::optional<WallTime>& time) {
  return time ? unix_seconds(*time) : 0;
}

std::optional<double> success(const std::optional<JobRun>& run) {
  if (!run) return std::nullopt;
  return run->state == RunState::done ? 1 : 0;
}

std::optional<WallTime> end_of(const std::optional<JobRun>& run) {
  return run ? run->finished : std::nullopt;
}

class Report {
 public:
  explicit Report(const std::vector<JobStatus>& jobs) : jobs_(jobs) {}

  void add(std::string name, std::string help, const Value& value) {
    Family family{std::move(name), std::move(help), MetricType::gauge, {"job", "database"}, {}};
    for (const JobStatus& job : jobs_) {
      if (const auto number = value(job)) family.samples.push_back({{job.job, job.database}, *number});
    }
    families_.push_back(std::move(family));
  }

  // The same, only for jobs that have a drill.
  void add_drill(std::string name, std::string help, const Value& value) {
    add(std::move(name), std::move(help),
        [&](const JobStatus& job) { return job.has_drill ? value(job) : std::nullopt; });
  }

  std::vector<Family> take() { return std::move(families_); }

 private:
  const std::vector<JobStatus>& jobs_;
  std::vector<Family> families_;
};

void add_backups(Report& report, WallTime now) {
  report.add(
      "pgvigil_backup_store_up",
      "1 when all of the job's store can be read, otherwise 0: what is said of its backups is then what was last "
      "known.",
      [](const JobStatus& job) { return job.store_readable ? 1 : 0; });
  report.add("pgvigil_backup_store_free_bytes", "What the job's store has room for; absent when that is not known.",
             [](const JobStatus& job) { return job.store_free_bytes; });
  report.add("pgvigil_backup_last_success_timestamp_seconds",
             "When the newest backup in the store was finished; 0: there is none.",
             [](const JobStatus& job) { return job.newest ? unix_seconds(job.newest->finished) : 0; });
  report.add(
      "pgvigil_backup_age_seconds",
      "Age of the data in the newest backup, by its snapshot; without a backup, time since the job was configured.",
      [now](const JobStatus& job) { return age(job.newest ? job.newest->snapshot : job.configured_since, now); });
  report.add("pgvigil_backup_last_run_success",
             "1 when the last run that ended made a backup; absent before the first one.",
             [](const JobStatus& job) { return success(job.backups.last_ended); });
  report.add("pgvigil_backup_raw_bytes", "Size of the newest backup before compression.",
             [](const JobStatus& job) { return job.newest ? static_cast<double>(job.newest->raw_bytes) : 0; });
  report.add("pgvigil_backup_stored_bytes", "Size of the newest backup in the store.",
             [](const JobStatus& job) { return job.newest ? static_cast<double>(job.newest->stored_bytes) : 0; });
  report.add("pgvigil_backup_duration_seconds", "How long the newest backup took.",
             [](const JobStatus& job) { return job.newest ? job.newest->seconds : 0; });
  report.add("pgvigil_backup_in_progress", "1 while a backup is taken.",
             [](const JobStatus& job) { return job.backups.running ? 1 : 0; });
  report.add(
      "pgvigil_backup_next_run_timestamp_seconds", "When the next backup is due, for jobs with a calendar.",
      [](const JobStatus& job) { return job.next_run ? std::optional(unix_seconds(*job.next_run)) : std::nullopt; });
}

void add_drills(Report& report, WallTime now) {
  report.add_drill("pgvigil_restore_test_last_success_timestamp_seconds",
                   "When the last good restore test ended; 0: never.",
                   [](const JobStatus& job) { return timestamp(end_of(job.drills.last_done)); });
  report.add_drill(
      "pgvigil_restore_test_age_seconds",
      "Time since the last good restore test; without one, since the job was configured.",
      [now](const JobStatus& job) { return age(end_of(job.drills.last_done).value_or(job.configured_since), now); });
  report.add_drill("pgvigil_restore_test_last_run_success",
                   "1 when the last restore test that ended was good; absent before the first one.",
                   [](const JobStatus& job) { return success(job.drills.last_ended); });
  report.add_drill("pgvigil_restore_test_in_progress", "1 while a backup is restored for a test.",
                   [](const JobStatus& job) { return job.drills.running ? 1 : 0; });
  report.add_drill(
      "pgvigil_restore_seconds", "How long the last good restore took, without the start of the server; 0: never.",
      [](const JobStatus& job) { return job.drills.last_done ? job.drills.last_done->restore_seconds : 0; });
  report.add_drill("pgvigil_backup_verified_timestamp_seconds",
                   "When the newest backup that a restore has proved was started; 0: none.",
                   [](const JobStatus& job) { return timestamp(job.drills.newest_proved); });
}

}  // namespace

std::vector<Family> backup_families(const std::vector<JobStatus>& jobs, WallTime now) {
  Report report(jobs);
  add_backups(report, now);
  add_drills(report, now);
  return report.take();
}

}  // namespace pgvigil
