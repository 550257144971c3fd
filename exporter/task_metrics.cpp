#include "exporter/task_metrics.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "core/text.h"

namespace pgvigil {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

using Line = TaskBoard::Line;
using Lines = std::map<std::string, Line>;
using Value = double (*)(const Line&);

// Families that have a series for each task, with the same label rows.
class TaskFamilies {
 public:
  TaskFamilies(const Lines& lines, std::string label) : label_(std::move(label)) {
    for (const auto& [name, line] : lines) {
      if (!line.last) continue;
      rows_->add(std::vector<std::string>{name});
      lines_.push_back(&line);
    }
  }

  Family of(std::string name, std::string help, MetricType type, Value value) const {
    std::vector<double> values;
    values.reserve(lines_.size());
    for (const Line* line : lines_) values.push_back(value(*line));
    return {std::move(name), std::move(help), type, {label_}, Samples(rows_, std::move(values))};
  }
  Family gauge(std::string name, std::string help, Value value) const {
    return of(std::move(name), std::move(help), MetricType::gauge, value);
  }
  Family counter(std::string name, std::string help, Value value) const {
    return of(std::move(name), std::move(help), MetricType::counter, value);
  }

 private:
  std::string label_;
  std::shared_ptr<LabelRows> rows_ = std::make_shared<LabelRows>(1);
  std::vector<const Line*> lines_;
};

double not_failed(const Line& line) {
  return line.last->outcome == Outcome::failed ? 0 : 1;
}
double last_duration(const Line& line) {
  return line.last->duration.count();
}

Family runs_family(const Lines& lines) {
  Family family{"pgvigil_task_runs_total",
                "Runs of a task by how they ended: success, skipped (does not apply to this server) or failed.",
                MetricType::counter,
                {"task", "outcome"},
                {}};
  for (const auto& [name, line] : lines) {
    for (const auto& [outcome, count] : line.runs) {
      family.samples.push_back({{name, std::string(to_string(outcome))}, static_cast<double>(count)});
    }
  }
  return family;
}

// Why somebody paused is said in the log and on the page: as a label each wording would make series of its own.
std::string skip_label(const std::string& reason) {
  return reason.starts_with(paused_mark) ? "paused" : one_line(reason, 200);
}

Family skipped_family(const Lines& lines) {
  Family family{"pgvigil_task_skipped",
                "1 for a task whose last run was skipped, and why.",
                MetricType::gauge,
                {"task", "reason"},
                {}};
  for (const auto& [name, line] : lines) {
    if (line.last && line.last->outcome == Outcome::skipped) {
      family.samples.push_back({{name, skip_label(line.last->reason)}, 1});
    }
  }
  return family;
}

void add_own(const Lines& lines, std::vector<Family>& families) {
  const TaskFamilies tasks(lines, "task");
  families.push_back(runs_family(lines));
  families.push_back(skipped_family(lines));
  families.push_back(
      tasks.counter("pgvigil_task_missed_runs_total",
                    "Occurrences of a task's schedule that passed while it was still running or the agent was late.",
                    [](const Line& line) { return static_cast<double>(line.missed); }));
  families.push_back(
      tasks.gauge("pgvigil_task_up", "1 when the task's last run did not fail, otherwise 0.", not_failed));
  families.push_back(tasks.gauge(
      "pgvigil_task_last_success_timestamp_seconds",
      "When the task's last successful run ended, in seconds since the epoch.",
      [](const Line& line) { return line.last_success ? unix_seconds(line.last_success->ended_at) : unknown; }));
  families.push_back(tasks.gauge(
      "pgvigil_task_series", "Series that the task's last successful run reported.",
      [](const Line& line) { return line.last_success ? static_cast<double>(line.last_success->series) : unknown; }));
  families.push_back(
      tasks.gauge("pgvigil_task_series_dropped",
                  "Series that the task's last successful run left out because they exceeded its limit of series.",
                  [](const Line& line) {
                    return line.last_success ? static_cast<double>(line.last_success->dropped_series) : unknown;
                  }));
  families.push_back(tasks.gauge(
      "pgvigil_task_slowdown",
      "How many times rarer than its interval the task runs now, because its runs took too much of the server.",
      [](const Line& line) { return static_cast<double>(line.last->slowdown); }));
  families.push_back(
      tasks.gauge("pgvigil_task_last_duration_seconds", "How long the task's last run took.", last_duration));
  families.push_back(tasks.counter("pgvigil_task_seconds_total", "How long all runs of the task took together.",
                                   [](const Line& line) { return line.run_seconds.count(); }));
}

// Postgres_exporter reads everything in one scrape; here that is the last runs of all collectors.
void add_compat(const TaskFamilies& collectors, const Lines& lines, std::vector<Family>& families) {
  families.push_back(collectors.gauge("pg_scrape_collector_success",
                                      "1 when the collector's last run did not fail, otherwise 0.", not_failed));
  families.push_back(collectors.gauge("pg_scrape_collector_duration_seconds", "How long the collector's last run took.",
                                      last_duration));
  const bool failing = std::any_of(lines.begin(), lines.end(), [](const auto& entry) {
    return entry.second.kind == TaskKind::collector && entry.second.last && not_failed(entry.second) == 0;
  });
  families.push_back({"pg_exporter_last_scrape_error",
                      "1 when a collector's last run failed, otherwise 0.",
                      MetricType::gauge,
                      {},
                      {{{}, failing ? 1.0 : 0.0}}});
}

}  // namespace

std::vector<Family> task_families(const Lines& lines, bool compat) {
  std::vector<Family> families;
  add_own(lines, families);
  Lines only_collectors = lines;
  std::erase_if(only_collectors, [](const auto& entry) { return entry.second.kind != TaskKind::collector; });
  const TaskFamilies collectors(only_collectors, "collector");
  families.push_back(collectors.counter("pgvigil_db_busy_seconds_total",
                                        "How long the watched server worked for the collector's queries.",
                                        [](const Line& line) { return line.busy_seconds.count(); }));
  if (compat) add_compat(collectors, lines, families);
  return families;
}

}  // namespace pgvigil
