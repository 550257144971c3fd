#include "alerts/rule_families.h"

#include <chrono>
#include <utility>

namespace pgvigil {

std::vector<Family> rule_families(const Evaluator::Status& status) {
  constexpr auto gauge = MetricType::gauge;
  constexpr auto counter = MetricType::counter;
  Family took{"pgvigil_rule_last_evaluation_seconds", "How long the rule's last evaluation took.", gauge, {"rule"}, {}};
  Family subjects{"pgvigil_rule_subjects", "Elements of the result of the rule's expression.", gauge, {"rule"}, {}};
  Family failing{"pgvigil_rule_failing",
                 "1 when the rule could not be evaluated the last time or follows too many subjects.",
                 gauge,
                 {"rule"},
                 {}};
  Family unseen{"pgvigil_rule_metric_never_seen",
                "1 for each metric that rules read and that nobody has reported since the agent was started.",
                gauge,
                {"metric"},
                {}};
  for (const RuleReport& report : status.reports) {
    took.samples.push_back({{report.rule}, std::chrono::duration<double>(report.took).count()});
    subjects.samples.push_back({{report.rule}, static_cast<double>(report.subjects)});
    failing.samples.push_back({{report.rule}, report.problem.empty() && report.left_out == 0 ? 0.0 : 1.0});
  }
  for (const std::string& metric : status.never_seen) unseen.samples.push_back({{metric}, 1});
  return {std::move(took),
          std::move(subjects),
          std::move(failing),
          std::move(unseen),
          {"pgvigil_rule_window_series",
           "Series whose samples are kept for windows and offsets in rules.",
           gauge,
           {},
           {{{}, static_cast<double>(status.window_series)}}},
          {"pgvigil_rule_window_series_left_out_total",
           "Samples that were not kept for windows because there were too many series.",
           counter,
           {},
           {{{}, static_cast<double>(status.window_series_left_out)}}}};
}

}  // namespace pgvigil
