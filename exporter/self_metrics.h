#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/sample.h"

namespace pgvigil {

// What the agent counts of itself and its process (pgvigil_scrapes_total, process_* …), in prometheus-cpp's registry;
// and, unless `compat` is false, the names that postgres_exporter has for the same. What tasks do is on the TaskBoard.
// Any thread.
class SelfMetrics {
 public:
  explicit SelfMetrics(const Clock& clock, bool compat = true);
  ~SelfMetrics();
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;

  void config_loaded(bool good);
  void scraped(std::chrono::duration<double> duration);

  std::vector<Family> families() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace pgvigil
