#include "alerts/alert_families.h"

#include <map>
#include <string>
#include <utility>

namespace pgvigil {

namespace {

std::string state_of(const AlertView& alert) {
  return alert.state == AlertView::State::firing ? "firing" : "pending";
}

Family count_family(const std::vector<AlertView>& alerts) {
  Family family{"pgvigil_alerts",
                "Alerts that are pending or firing now, by rule and level.",
                MetricType::gauge,
                {"rule", "level", "state"},
                {}};
  std::map<std::vector<std::string>, double> counts;
  for (const AlertView& alert : alerts) {
    counts[{alert.rule, std::string(to_string(alert.level)), state_of(alert)}] += 1;
  }
  for (const auto& [labels, count] : counts) family.samples.push_back({labels, count});
  return family;
}

// One family for each set of label names, since the subjects of two rules have different labels.
class FamiliesByLabels {
 public:
  FamiliesByLabels(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}

  void add(const Labels& labels, double value) {
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (const auto& [label, text] : labels) {
      names.push_back(label);
      values.push_back(text);
    }
    const auto [place, fresh] = families_.try_emplace(names);
    if (fresh) place->second = Family{name_, help_, MetricType::gauge, names, {}};
    place->second.samples.push_back({values, value});
  }

  void take_into(std::vector<Family>& result) {
    for (auto& entry : families_) result.push_back(std::move(entry.second));
  }

 private:
  std::string name_;
  std::string help_;
  std::map<std::vector<std::string>, Family> families_;
};

Family single(std::string name, std::string help, MetricType type, double value) {
  return {std::move(name), std::move(help), type, {}, {{{}, value}}};
}

}  // namespace

std::vector<Family> alert_families(const std::vector<AlertView>& alerts) {
  FamiliesByLabels current("ALERTS", "1 for each alert that is pending or firing.");
  FamiliesByLabels since("ALERTS_FOR_STATE", "When the alert became pending or, later, firing.");
  for (const AlertView& alert : alerts) {
    Labels labels = alert.labels;
    labels["alertname"] = alert.rule;
    labels["severity"] = std::string(to_string(alert.level));
    since.add(labels, unix_seconds(alert.since));
    labels["alertstate"] = state_of(alert);
    current.add(labels, 1);
  }
  std::vector<Family> result{count_family(alerts)};
  current.take_into(result);
  since.take_into(result);
  return result;
}

std::vector<Family> evaluator_families(const Evaluator::Status& status) {
  constexpr auto gauge = MetricType::gauge;
  constexpr auto counter = MetricType::counter;
  Family messages{"pgvigil_notifications_created_total",
                  "Messages that were put into the queues of the channels, by kind.",
                  counter,
                  {"kind"},
                  {{{"trigger"}, static_cast<double>(status.triggers)},
                   {{"resolve"}, static_cast<double>(status.resolves)},
                   {{"reminder"}, static_cast<double>(status.reminders)}}};
  return {
      single("pgvigil_rules", "Alert rules in use.", gauge, static_cast<double>(status.rules)),
      single("pgvigil_rules_failing", "Alert rules that could not be evaluated the last time.", gauge,
             static_cast<double>(status.rules_failing)),
      single("pgvigil_rule_evaluations_total", "Evaluations of all rules that ended well.", counter,
             static_cast<double>(status.evaluations)),
      single("pgvigil_rule_evaluation_failures_total", "Evaluations of all rules whose result could not be stored.",
             counter, static_cast<double>(status.failures)),
      single("pgvigil_rule_evaluation_duration_seconds",
             "How long the last evaluation of all rules took, with routing and storing.", gauge, status.took.count()),
      single("pgvigil_rule_evaluation_seconds_total", "Time that all evaluations took.", counter, status.total.count()),
      single("pgvigil_incidents_open", "Incidents that channels know and that are not over, of all channels.", gauge,
             static_cast<double>(status.incidents)),
      single("pgvigil_notifications_held", "1 while the first look at everything is not done and nothing new is told.",
             gauge, status.held ? 1 : 0),
      std::move(messages),
  };
}

}  // namespace pgvigil
