#pragma once

#include <memory>
#include <vector>

#include "collectors/scheduler.h"
#include "core/sample.h"

namespace pgvigil {

// The agent's metrics about itself (pgvigil_* and process_*), in prometheus-cpp's registry: few series, many writers;
// and, unless `compat` is false, the names that postgres_exporter has for the same. Any thread.
class SelfMetrics final : public TaskObserver {
 public:
  explicit SelfMetrics(const Clock& clock, bool compat = true);
  ~SelfMetrics() override;

  void run_started(const TaskInfo& task) override;
  void run_ended(const TaskInfo& task, const RunReport& report) override;
  void runs_missed(const TaskInfo& task, std::int64_t count) override;

  void config_loaded(bool good);
  void scraped(std::chrono::duration<double> duration);

  std::vector<Family> families() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace pgvigil
