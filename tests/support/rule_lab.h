#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "alerts/options.h"
#include "alerts/rule_test/rehearsal.h"
#include "collectors/collectors.h"
#include "collectors/connections.h"
#include "core/local_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {

// The agent's collectors on a real server and its rules on what they report, by a clock that the test moves: what is
// read is real, and hours pass at once. Built-in rules, with what `alerts` (YAML, the section of that name) changes
// about them. One thread at a time.
class RuleLab {
 public:
  explicit RuleLab(const PgCluster& cluster, const std::string& alerts = "{}", std::string_view role = "pgvigil");

  // Every collector runs once, and the rules look at what they report. Collectors that fail report nothing new.
  void collect();
  // Time passes, and all collectors go on to report what they reported last.
  void pass(milliseconds time, milliseconds step = seconds(30));

  std::set<std::string> firing() const;  // rules
  bool fires(const std::string& rule) const { return firing().contains(rule); }
  std::string summaries() const;  // of all that fires, for people
  const std::vector<std::string>& problems() const { return rehearsal_.problems(); }

 private:
  void run(Task& task);
  void look();

  FakeClock clock_;
  TempDir folder_;
  LocalStore store_;
  ConnectionPool connections_;
  std::vector<TaskPtr> tasks_;
  std::vector<TaskPtr> backup_tasks_;                   // without a job: what says that there is none
  std::map<std::string, std::vector<Family>> reports_;  // by task
  std::uint64_t runs_ = 0;
  Rehearsal rehearsal_;
};

}  // namespace pgvigil
