#include "exporter/registry_families.h"

#include <prometheus/metric_family.h>

namespace pgvigil {

namespace {

Family family_of(const prometheus::MetricFamily& collected) {
  const bool counts = collected.type == prometheus::MetricType::Counter;
  Family family{collected.name, collected.help, counts ? MetricType::counter : MetricType::gauge, {}, {}};
  for (const auto& label : collected.metric.front().label) family.label_names.push_back(label.name);
  Sample sample;
  for (const prometheus::ClientMetric& metric : collected.metric) {
    sample.label_values.clear();
    for (const auto& label : metric.label) sample.label_values.push_back(label.value);
    sample.value = counts ? metric.counter.value : metric.gauge.value;
    family.samples.push_back(sample);
  }
  return family;
}

}  // namespace

std::vector<Family> families_of(const std::vector<prometheus::MetricFamily>& collected) {
  std::vector<Family> families;
  for (const prometheus::MetricFamily& family : collected) {
    if (!family.metric.empty()) families.push_back(family_of(family));
  }
  return families;
}

}  // namespace pgvigil
