#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgvigil {

enum class MetricType { gauge, counter };

// One time series' current value. Its label values stand in the order of its family's label names, so that two samples
// of a family cannot disagree about which labels there are. NaN says that the subject is there and its value is not
// known: /metrics leaves such a series out, and a rule must not take it for a subject that is gone.
struct Sample {
  std::vector<std::string> label_values;
  double value = 0;
};

// All series of one metric name. A family without samples is information too: its task ran and there was nothing to
// report, which is not the same as a task that failed.
struct Family {
  std::string name;
  std::string help;
  MetricType type = MetricType::gauge;
  std::vector<std::string> label_names;
  std::vector<Sample> samples;
};

}  // namespace pgvigil
