#include "exporter/self_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "exporter/process_stats.h"
#include "exporter/registry_families.h"
#include "exporter/version.h"

namespace pgvigil {

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

  // The same under postgres_exporter's names; null without compat.
  prometheus::Counter* peer_scrapes = nullptr;
  prometheus::Gauge* peer_duration = nullptr;
  void add_peer_names() {
    peer_scrapes = &counter("pg_exporter_scrapes_total", "pgvigil_scrapes_total under postgres_exporter's name.");
    peer_duration = &gauge("pg_exporter_last_scrape_duration_seconds", "How long the last answer of /metrics took.");
  }

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

void SelfMetrics::config_loaded(bool good) {
  registry_->reload_good.Set(good ? 1 : 0);
  if (good) registry_->reload_time.Set(unix_seconds(registry_->clock.wall_now()));
}

void SelfMetrics::scraped(std::chrono::duration<double> duration) {
  registry_->scrapes.Increment();
  registry_->scrape_seconds.Increment(duration.count());
  if (registry_->peer_scrapes == nullptr) return;
  registry_->peer_scrapes->Increment();
  registry_->peer_duration->Set(duration.count());
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
