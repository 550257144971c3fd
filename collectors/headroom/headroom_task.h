#pragma once

#include "collectors/connections.h"
#include "collectors/headroom/rate_tracker.h"
#include "collectors/task.h"

namespace pgvigil {

// How far ahead of the end of its IDs a server stops to give out new ones: 3 million since PostgreSQL 14; before, one
// million transaction IDs and a hundred multixact IDs.
double xids_kept_back(int server_version);
double multixacts_kept_back(int server_version);

// The task "headroom": how long until what is limited is used up, at the present rates: WAL that may be kept for a
// slot, transaction and multixact IDs.
class HeadroomTask final : public Task {
 public:
  static constexpr milliseconds default_interval{60000};

  explicit HeadroomTask(milliseconds interval = default_interval);
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  Family slots(PgConnection& connection, const RunContext& context);
  void databases(PgConnection& connection, const RunContext& context, std::vector<Family>& families);

  TaskInfo info_;
  RateTracker wal_;
  RateTracker xids_;
  RateTracker multixacts_;
};

}  // namespace pgvigil
