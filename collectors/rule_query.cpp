#include "collectors/rule_query.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/guarded_query.h"
#include "collectors/labelled_rows.h"

namespace pgvigil {

RuleQueryReader::RuleQueryReader(RuleQuery rule)
    : rule_(std::move(rule)), info_{"rule:" + rule_.rule, TaskKind::collector, Interval{rule_.every}, rule_.timeout} {}

Reading RuleQueryReader::read(ConnectionPool::Lease& session, const std::stop_token& stop) {
  const GuardedQuery query{rule_.query, rule_.timeout, static_cast<int>(max_rows)};
  std::vector<std::string> reserved;
  if (rule_.each_database) reserved.emplace_back("datname");
  LabelledRows found =
      labelled_rows(run_guarded(session.connection(), query, stop), ValueColumn::named, max_rows, reserved);
  Family family{rule_.metric,
                fmt::format("What the query of the alert rule {} returned.", rule_.rule),
                MetricType::gauge,
                std::move(found.label_names),
                {}};
  if (rule_.each_database) family.label_names.insert(family.label_names.begin(), "datname");
  for (Sample& sample : found.rows) {
    if (rule_.each_database) sample.label_values.insert(sample.label_values.begin(), session.facts().database);
    family.samples.push_back(sample);
  }
  return {{std::move(family)}, {}, found.dropped};
}

}  // namespace pgvigil
