#pragma once

#include "collectors/bloat/bloat_memory.h"
#include "collectors/bloat/options.h"
#include "collectors/reader.h"
#include "core/clock.h"

namespace pgvigil {

// The collector "bloat": bloat_of() in each database that is walked.
class BloatReader final : public Reader {
 public:
  static constexpr milliseconds default_interval = std::chrono::minutes(15);

  BloatReader(const BloatOptions& options, LocalStore& store, const Clock& clock, milliseconds interval,
              std::size_t max_series);
  const TaskInfo& info() const override { return info_; }
  std::size_t max_series() const override { return max_series_; }
  Reading read(ConnectionPool::Lease& session, const std::stop_token& stop) override;

 private:
  BloatOptions options_;
  BloatMemory memory_;
  const Clock& clock_;
  TaskInfo info_;
  std::size_t max_series_;
};

}  // namespace pgvigil
