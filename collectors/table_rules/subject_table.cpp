#include "collectors/table_rules/subject_table.h"

#include <memory>
#include <set>
#include <utility>

namespace pgvigil {

namespace {

std::vector<std::string> label_names(const std::vector<TableSubject>& subjects) {
  std::set<std::string> names{"alert", "alert_level", "notify"};
  for (const TableSubject& subject : subjects) {
    for (const auto& label : subject.labels) names.insert(label.first);
  }
  return {names.begin(), names.end()};
}

std::shared_ptr<const LabelRows> label_rows(const std::vector<TableSubject>& subjects,
                                            const std::vector<std::string>& names) {
  auto rows = std::make_shared<LabelRows>(names.size());
  for (const TableSubject& subject : subjects) {
    std::vector<std::string> values;
    for (const std::string& name : names) {
      const auto label = subject.labels.find(name);
      values.push_back(label == subject.labels.end() ? std::string() : label->second);
    }
    rows->add(values);
  }
  return rows;
}

Family status_family(const std::vector<TableRuleStatus>& statuses) {
  std::map<std::pair<std::string, std::string>, bool> up;
  for (const TableRuleStatus& status : statuses) {
    const auto [place, is_new] = up.emplace(std::pair(status.alert, status.level), status.up);
    place->second = place->second && status.up;
  }
  Family family{"pgvigil_table_rule_up",
                "1 when the last run of the row of pgvigil.monitoring_alerts could be read and compared, otherwise 0.",
                MetricType::gauge,
                {"alert", "alert_level"},
                {}};
  for (const auto& [labels, good] : up) family.samples.push_back({{labels.first, labels.second}, good ? 1.0 : 0.0});
  return family;
}

}  // namespace

std::vector<Family> table_rule_families(const std::vector<TableSubject>& subjects,
                                        const std::vector<TableRuleStatus>& statuses) {
  const std::vector<std::string> names = label_names(subjects);
  Family crossed{"pgvigil_table_rule_crossed",
                 "Whether the value of a row of pgvigil.monitoring_alerts is beyond its threshold: 0 no, 1 yes, 2 yes "
                 "and the row's level is critical.",
                 MetricType::gauge,
                 names,
                 {}};
  Family value{"pgvigil_table_rule_value",
               "What the metric_query of a row of pgvigil.monitoring_alerts returned.",
               MetricType::gauge,
               names,
               {}};
  if (!subjects.empty()) {
    std::vector<double> flags;
    std::vector<double> values;
    for (const TableSubject& subject : subjects) {
      flags.push_back(subject.crossed);
      values.push_back(subject.value);
    }
    const auto rows = label_rows(subjects, names);
    crossed.samples = Samples(rows, std::move(flags));
    value.samples = Samples(rows, std::move(values));
  }
  return {std::move(crossed), std::move(value), status_family(statuses)};
}

}  // namespace pgvigil
