#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "collectors/connections.h"
#include "collectors/pace.h"
#include "collectors/table_rules/subject_table.h"
#include "collectors/table_rules/table_rule.h"
#include "collectors/task.h"

namespace pgvigil {

struct TableRulesOptions {
  std::string database;         // where the table is; "": the connected one
  milliseconds every{30'000};   // how often the table is read, and every active row's query run
  milliseconds timeout{5'000};  // of one row's query
};

// The task "table_rules": runs the queries of the active rows of pgvigil.monitoring_alerts, in the database of the
// table, and publishes what they returned and whether it is beyond their thresholds; one built-in alert rule serves
// them all. What is wrong with one row (its query, its operator, its time) costs the others nothing: its subjects stay
// known without values. A table that is not there is made by the first run, and never again: one that is dropped later
// is a failure of the task, not the end of all alerts.
class TableRulesTask final : public Task {
 public:
  explicit TableRulesTask(TableRulesOptions options);
  const TaskInfo& info() const override { return info_; }
  // Throws Error when the table cannot be read.
  std::vector<Family> run(RunContext& context) override;

 private:
  // What is remembered of a row from one run to the next.
  struct Memory {
    AlertRow row;                        // as it was; after a change it is run at once
    std::vector<TableSubject> subjects;  // that it reported last
    std::chrono::duration<double> took{0};
    Pace pace;
    SteadyTime due;
    std::string problem;  // logged when it changes
  };

  std::vector<AlertRow> read_table(RunContext& context);
  void create_table(RunContext& context) const;
  void run_row(const AlertRow& row, RunContext& context);
  std::vector<TableSubject> ask(const TableRule& rule, RunContext& context, std::chrono::duration<double>& took) const;
  void failed(Memory& memory, const AlertRow& row, const std::string& problem) const;

  TableRulesOptions options_;
  TaskInfo info_;
  bool table_known_ = false;
  std::map<std::string, Memory> rows_;  // by the row's id
};

}  // namespace pgvigil
