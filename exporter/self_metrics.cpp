#include "exporter/self_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <mutex>
#include <optional>
#include <set>

#include "exporter/process_stats.h"
#include "exporter/registry_families.h"
#include "exporter/version.h"

namespace pgvigil {

// Postgres_exporter reads everything in one scrape; here that is the last runs of all collectors.
struct PeerNames {
  prometheus::Family<prometheus::Gauge>& success;
  prometheus::Family<prometheus::Gauge>& duration;
  prometheus::Gauge& error;
  prometheus::Gauge& scrape_duration;
  prometheus::Counter& scrapes;
};

struct SelfMetrics::Registry {
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Gauge& gauge(const char* name, const char* help) { return gauges(name, help).Add({}); }
  prometheus::Counter& counter(const char* name, const char* help) { return counters(name, help).Add({}); }

  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& runs =
      counters("pgvigil_task_runs_total",
               "Runs of a task by how they ended: success, skipped (does not apply to this server) or failed.");
  prometheus::Family<prometheus::Counter>& missed =
      counters("pgvigil_task_missed_runs_total",
               "Occurrences of a task's schedule that passed while it was still running or the agent was late.");
  prometheus::Family<prometheus::Gauge>& up =
      gauges("pgvigil_task_up", "1 when the task's last run did not fail, otherwise 0.");
  prometheus::Family<prometheus::Gauge>& last_success =
      gauges("pgvigil_task_last_success_timestamp_seconds",
             "When the task's last successful run ended, in seconds since the epoch.");
  prometheus::Family<prometheus::Gauge>& series =
      gauges("pgvigil_task_series", "Series that the task's last run reported.");
  prometheus::Family<prometheus::Counter>& busy =
      counters("pgvigil_db_busy_seconds_total", "How long the watched server worked for the collector's queries.");
  prometheus::Family<prometheus::Gauge>& dropped =
      gauges("pgvigil_task_series_dropped",
             "Series that the task's last run left out because they exceeded its limit of series.");
  prometheus::Family<prometheus::Gauge>& slowdown =
      gauges("pgvigil_task_slowdown",
             "How many times rarer than its interval the task runs now, because its runs took too much of the server.");
  prometheus::Family<prometheus::Gauge>& duration =
      gauges("pgvigil_task_last_duration_seconds", "How long the task's last run took.");
  prometheus::Family<prometheus::Counter>& run_seconds =
      counters("pgvigil_task_seconds_total", "How long all runs of the task took together.");

  prometheus::Gauge& reload_good = gauge(
      "pgvigil_config_last_reload_successful",
      "1 when the configuration was read without a problem the last time, otherwise 0 and the old one is in use.");
  prometheus::Gauge& reload_time = gauge("pgvigil_config_last_reload_success_timestamp_seconds",
                                         "When a good configuration was read last, in seconds since the epoch.");
  prometheus::Counter& scrapes = counter("pgvigil_scrapes_total", "Answers of /metrics.");
  prometheus::Counter& scrape_seconds =
      counter("pgvigil_scrape_seconds_total", "Time spent on putting answers of /metrics together.");

  prometheus::Counter& cpu_seconds =
      counter("process_cpu_seconds_total", "CPU time of the agent, user and system, in seconds.");
  prometheus::Gauge& resident = gauge("process_resident_memory_bytes", "Resident memory of the agent.");
  prometheus::Gauge& virtual_memory = gauge("process_virtual_memory_bytes", "Virtual memory of the agent.");
  prometheus::Gauge& open_fds = gauge("process_open_fds", "File descriptors that the agent has open.");
  prometheus::Gauge& start_time =
      gauge("process_start_time_seconds", "When the agent was started, in seconds since the epoch.");
  prometheus::Gauge& max_fds = gauge("process_max_fds", "Most file descriptors that the agent may open.");
  prometheus::Gauge& virtual_max =
      gauge("process_virtual_memory_max_bytes", "Most virtual memory that the agent may have; 2^64 without a limit.");

  void add_peer_names() {
    peer.emplace(
        PeerNames{gauges("pg_scrape_collector_success", "1 when the collector's last run did not fail, otherwise 0."),
                  gauges("pg_scrape_collector_duration_seconds", "How long the collector's last run took."),
                  gauge("pg_exporter_last_scrape_error", "1 when a collector's last run failed, otherwise 0."),
                  gauge("pg_exporter_last_scrape_duration_seconds", "How long the last answer of /metrics took."),
                  counter("pg_exporter_scrapes_total", "pgvigil_scrapes_total under postgres_exporter's name.")});
  }
  void note_collector(const std::string& name, const RunReport& report) {
    if (!peer) return;
    const bool failed = report.outcome == Outcome::failed;
    peer->success.Add({{"collector", name}}).Set(failed ? 0 : 1);
    peer->duration.Add({{"collector", name}}).Set(report.duration.count());
    const std::lock_guard lock(failing_mutex);
    if (failed) {
      failing.insert(name);
    } else {
      failing.erase(name);
    }
    peer->error.Set(failing.empty() ? 0 : 1);
  }
  std::optional<PeerNames> peer;  // absent without compat

  std::mutex failing_mutex;
  std::set<std::string> failing;  // collectors whose last run failed

  const Clock& clock;
  explicit Registry(const Clock& source) : clock(source) {}
};

SelfMetrics::SelfMetrics(const Clock& clock, bool compat) : registry_(std::make_unique<Registry>(clock)) {
  if (compat) registry_->add_peer_names();
  registry_->gauges("pgvigil_build_info", "The agent's version, as a label; the value is always 1.")
      .Add({{"version", std::string(version)}})
      .Set(1);
  registry_->start_time.Set(unix_seconds(clock.wall_now()));
}

SelfMetrics::~SelfMetrics() = default;

void SelfMetrics::run_started(const TaskInfo&) {}

void SelfMetrics::run_ended(const TaskInfo& task, const RunReport& report) {
  if (task.kind == TaskKind::collector) registry_->note_collector(task.name, report);
  const prometheus::Labels labels{{"task", task.name}};
  registry_->runs.Add({{"task", task.name}, {"outcome", std::string(to_string(report.outcome))}}).Increment();
  registry_->duration.Add(labels).Set(report.duration.count());
  registry_->run_seconds.Add(labels).Increment(report.duration.count());
  registry_->up.Add(labels).Set(report.outcome == Outcome::failed ? 0 : 1);
  registry_->busy.Add({{"collector", task.name}}).Increment(report.busy.count());
  registry_->slowdown.Add(labels).Set(report.slowdown);
  if (report.outcome != Outcome::success) return;
  registry_->dropped.Add(labels).Set(static_cast<double>(report.dropped_series));
  registry_->series.Add(labels).Set(static_cast<double>(report.series));
  registry_->last_success.Add(labels).Set(unix_seconds(report.ended_at));
}

void SelfMetrics::runs_missed(const TaskInfo& task, std::int64_t count) {
  registry_->missed.Add({{"task", task.name}}).Increment(static_cast<double>(count));
}

void SelfMetrics::config_loaded(bool good) {
  registry_->reload_good.Set(good ? 1 : 0);
  if (good) registry_->reload_time.Set(unix_seconds(registry_->clock.wall_now()));
}

void SelfMetrics::scraped(std::chrono::duration<double> duration) {
  registry_->scrapes.Increment();
  registry_->scrape_seconds.Increment(duration.count());
  if (!registry_->peer) return;
  registry_->peer->scrapes.Increment();
  registry_->peer->scrape_duration.Set(duration.count());
}

std::vector<Family> SelfMetrics::families() const {
  const ProcessStats stats = read_process_stats();
  registry_->cpu_seconds.Increment(stats.cpu_seconds - registry_->cpu_seconds.Value());
  registry_->resident.Set(static_cast<double>(stats.resident_bytes));
  registry_->virtual_memory.Set(static_cast<double>(stats.virtual_bytes));
  registry_->open_fds.Set(static_cast<double>(stats.open_fds));
  registry_->max_fds.Set(static_cast<double>(stats.max_fds));
  registry_->virtual_max.Set(stats.virtual_max_bytes);
  return families_of(registry_->registry.Collect());
}

}  // namespace pgvigil
