#pragma once

#include <map>
#include <string>

#include "collectors/connections.h"
#include "collectors/task.h"
#include "collectors/waits/wait_account.h"

namespace pgvigil {

// The task "wait_sampler": looks once a second at what sessions wait for, which shows what counters cannot: where their
// time goes. The server groups the sessions, so that an answer is a few rows however many there are.
class WaitSampler final : public Task {
 public:
  static constexpr milliseconds default_interval{1000};

  explicit WaitSampler(milliseconds interval = default_interval, std::size_t max_series = 1000);
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

 private:
  // Fills in the names of databases that are not known yet.
  void name_databases(PgConnection& connection, const PgRows& rows, const RunContext& context);

  TaskInfo info_;
  WaitAccount account_;
  std::map<std::string, std::string> databases_;  // names by OID
  SteadyTime databases_at_{};
};

}  // namespace pgvigil
