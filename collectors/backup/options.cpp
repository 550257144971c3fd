#include "collectors/backup/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "collectors/backup/zstd_stage.h"

namespace pgvigil {

namespace {

constexpr milliseconds shortest_timeout = std::chrono::seconds(1);
constexpr milliseconds longest_timeout = std::chrono::hours(24 * 7);
constexpr milliseconds usual_timeout = std::chrono::hours(2);

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

// The name becomes a folder, a label and a part of a task's name.
std::string decode_name(Section& section) {
  std::string name = section.require_text("name");
  if (!name.empty() && !is_name(name)) {
    section.fail(fmt::format("'{}' cannot name a backup: lower-case letters, digits, '_' and '-' are allowed", name));
  }
  return name;
}

Schedule required_schedule(Section& section, const std::string& timezone) {
  const Schedule daily = Interval{std::chrono::hours(24)};  // stands for one that is wrong, which is reported
  return decode_schedule(section, "schedule", timezone).value_or(daily);
}

std::optional<std::string> optional_text(Section& section, std::string_view key) {
  if (!section.has(key)) return std::nullopt;
  return section.require_text(key);
}

VerificationQuery decode_query(Section section) {
  VerificationQuery query;
  query.sql = section.require_text("sql");
  if (section.has("min")) query.min = section.number("min", 0);
  section.finish();
  return query;
}

// `timezone` is the job's, for a drill that names none.
DrillOptions decode_drill(Section section, const std::string& timezone) {
  DrillOptions drill;
  drill.schedule = required_schedule(section, timezone);
  drill.timeout = section.duration("timeout", usual_timeout, shortest_timeout, longest_timeout);
  drill.run_as = optional_text(section, "run_as");
  drill.folder = section.path("folder");
  for (Section& query : section.sections("queries")) drill.queries.push_back(decode_query(std::move(query)));
  section.finish();
  return drill;
}

}  // namespace

BackupOptions decode_backup(Section& section) {
  BackupOptions job;
  job.name = decode_name(section);
  job.database = section.require_text("database");
  const std::string timezone = section.text("timezone", "UTC");
  job.schedule = required_schedule(section, timezone);
  if (section.require("folder")) job.folder = section.path("folder");
  job.compression_level =
      static_cast<int>(section.integer("compression_level", 3, ZstdCompressor::min_level, ZstdCompressor::max_level));
  job.timeout = section.duration("timeout", usual_timeout, shortest_timeout, longest_timeout);
  job.conninfo = optional_text(section, "conninfo");
  job.password = section.secret("password");
  job.log_database = optional_text(section, "log_database");
  if (section.has("pg_bin")) job.pg_bin = section.path("pg_bin");
  if (auto verify = section.section("verify")) job.verify = decode_drill(std::move(*verify), timezone);
  section.finish();
  return job;
}

std::vector<BackupOptions> decode_backups(Section& parent) {
  std::vector<BackupOptions> jobs;
  std::set<std::string> names;
  for (Section& section : parent.sections("backups")) {
    jobs.push_back(decode_backup(section));
    const std::string& name = jobs.back().name;
    if (!name.empty() && !names.insert(name).second) section.fail(fmt::format("there is a backup '{}' already", name));
  }
  return jobs;
}

PgOptions connection_options(const BackupOptions& job, const PgOptions& target, const std::string& database) {
  PgOptions options = target;
  if (job.conninfo) {
    options.conninfo = *job.conninfo;
    options.password = job.password;
  } else if (!job.password.empty()) {
    options.password = job.password;
  }
  options.conninfo = with_database(options.conninfo, database);
  return options;
}

}  // namespace pgvigil
