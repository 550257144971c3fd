#include "collectors/table_rules/table_rules_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "collectors/guarded_query.h"
#include "collectors/labelled_rows.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr int max_subjects = 100;  // of one row
// The pace of a row is that of a collector that has a quarter of the interval for itself.
constexpr int rows_in_an_interval = 4;

bool is_missing_table(const Error& error) {
  constexpr std::string_view no_table = "42P01";
  constexpr std::string_view no_schema = "3F000";
  return error.sqlstate() == no_table || error.sqlstate() == no_schema;
}

std::map<std::string, std::string> own_labels(const std::string& name, const std::string& level,
                                              const std::string& notify) {
  std::map<std::string, std::string> labels{{"alert", name}, {"alert_level", level}};
  if (!notify.empty()) labels["notify"] = notify;
  return labels;
}

// Names and levels that stand in several rows: their subjects could not be told apart.
std::set<std::pair<std::string, std::string>> doubled(const std::vector<AlertRow>& rows) {
  std::set<std::pair<std::string, std::string>> seen;
  std::set<std::pair<std::string, std::string>> twice;
  for (const AlertRow& row : rows) {
    if (!seen.emplace(row.name, row.level).second) twice.emplace(row.name, row.level);
  }
  return twice;
}

}  // namespace

TableRulesTask::TableRulesTask(TableRulesOptions options)
    : options_(std::move(options)),
      info_{"table_rules", TaskKind::collector, Interval{options_.every},
            std::max<milliseconds>(options_.every, seconds(60))} {}

std::vector<Family> TableRulesTask::run(RunContext& context) {
  const std::vector<AlertRow> rows = read_table(context);
  std::erase_if(rows_, [&](const auto& known) {
    return std::none_of(rows.begin(), rows.end(), [&](const AlertRow& row) { return row.id == known.first; });
  });
  // Quick ones first: those that use up the run's time cost only themselves.
  std::vector<const AlertRow*> order;
  order.reserve(rows.size());
  for (const AlertRow& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(),
                   [this](const AlertRow* a, const AlertRow* b) { return rows_[a->id].took < rows_[b->id].took; });
  const auto ambiguous = doubled(rows);
  for (const AlertRow* row : order) {
    if (ambiguous.contains({row->name, row->level})) {
      failed(rows_[row->id], *row, "another active row has the same alert_name and alert_level");
    } else {
      run_row(*row, context);
    }
  }
  std::vector<TableSubject> subjects;
  std::vector<TableRuleStatus> statuses;
  for (const AlertRow& row : rows) {
    const Memory& memory = rows_[row.id];
    if (!ambiguous.contains({row.name, row.level})) {
      subjects.insert(subjects.end(), memory.subjects.begin(), memory.subjects.end());
    }
    statuses.push_back({row.name, row.level, memory.problem.empty()});
  }
  return table_rule_families(subjects, statuses);
}

std::vector<AlertRow> TableRulesTask::read_table(RunContext& context) {
  const auto read = [&] {
    ConnectionPool::Lease session = context.connections.lease(options_.database, context.deadline, context.stop);
    const ServerTime server_time(session.connection(), context.busy);
    AlertRows found = read_alert_rows(session.connection(), context.stop);
    context.dropped_series = found.left_out;
    return std::move(found.rows);
  };
  try {
    auto rows = read();
    table_known_ = true;
    return rows;
  } catch (const Error& error) {
    if (!is_missing_table(error)) throw;
    if (table_known_) throw error.in("pgvigil.monitoring_alerts is gone");
  }
  create_table(context);
  return read();
}

void TableRulesTask::create_table(RunContext& context) const {
  PgOptions options = context.connections.options();
  if (!options_.database.empty()) options.conninfo = with_database(options.conninfo, options_.database);
  options.access = Access::read_write;
  options.application_name = "pgvigil/table_rules";
  try {
    PgConnection connection = PgConnection::open(options, context.stop);
    create_alert_table(connection, context.stop);
    log::info("made the table pgvigil.monitoring_alerts");
  } catch (const Error& error) {
    throw error.in("there is no table pgvigil.monitoring_alerts, and it cannot be made");
  }
}

void TableRulesTask::run_row(const AlertRow& row, RunContext& context) {
  Memory& memory = rows_[row.id];
  const auto checked = check_row(row);
  if (const auto* problem = std::get_if<std::string>(&checked)) {
    failed(memory, row, *problem);
    return;
  }
  const SteadyTime now = context.clock.steady_now();
  if (memory.row == row && now < memory.due) return;
  if (std::exchange(memory.row, row) != row) memory.pace = {};
  if (now >= context.deadline) {
    failed(memory, row, "not run: the other rows took all the time");
    return;
  }
  memory.took = {};
  try {
    memory.subjects = ask(std::get<TableRule>(checked), context, memory.took);
    if (!std::exchange(memory.problem, {}).empty()) log::info("table rule {} works again", one_line(row.name, 100));
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::cancelled) throw;
    failed(memory, row, error.what());
  }
  memory.pace.ran(memory.took * rows_in_an_interval, options_.every);
  memory.due = now + options_.every * memory.pace.factor() - options_.every / 2;
}

// A session for each row: others who wait for one come in between.
std::vector<TableSubject> TableRulesTask::ask(const TableRule& rule, RunContext& context,
                                              std::chrono::duration<double>& took) const {
  ConnectionPool::Lease session = context.connections.lease(options_.database, context.deadline, context.stop);
  const ServerTime server_time(session.connection(), took);
  GuardedQuery query{rule.query, options_.timeout, max_subjects};
  query.own_search_path = true;
  const LabelledRows found =
      labelled_rows(run_guarded(session.connection(), query, context.stop), ValueColumn::named_or_only, max_subjects,
                    {"alert", "alert_level", "notify"});
  context.dropped_series += found.dropped;
  const auto labels = own_labels(rule.name, rule.level, rule.notify);
  // A single number that is not there is one that nobody knows; a list of subjects may be empty.
  if (found.rows.empty() && found.label_names.empty()) return {{labels, unknown, unknown}};
  std::vector<TableSubject> subjects;
  for (const Sample& sample : found.rows) {
    TableSubject subject{labels, sample.value, rule.crossed(sample.value)};
    for (std::size_t i = 0; i < found.label_names.size(); ++i) {
      subject.labels[found.label_names[i]] = sample.label_values[i];
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

void TableRulesTask::failed(Memory& memory, const AlertRow& row, const std::string& problem) const {
  for (TableSubject& subject : memory.subjects) subject.value = subject.crossed = unknown;
  if (std::exchange(memory.problem, problem) != problem) {
    log::warn("table rule {}: {}", one_line(row.name, 100), problem);
  }
}

}  // namespace pgvigil
