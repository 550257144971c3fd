#pragma once

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
  TaskInfo info_;
  WaitAccount account_;
};

}  // namespace pgvigil
