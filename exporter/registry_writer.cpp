#include "exporter/registry_writer.h"

#include <prometheus/metric_family.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/text_format.h"

namespace pgvigil {

namespace {

std::string number(double value) {
  std::array<char, longest_value> text{};
  return {text.data(), write_value(text.data(), value)};
}

// OpenMetrics wants 1.0 for 1, and the label must be the same in both formats.
std::string bucket_bound(double bound) {
  const std::string text = number(bound);
  return std::isinf(bound) || text.find_first_of(".e") != std::string::npos ? text : text + ".0";
}

std::string_view type_name(prometheus::MetricType type) {
  if (type == prometheus::MetricType::Counter) return "counter";
  return type == prometheus::MetricType::Histogram ? "histogram" : "gauge";
}

class RegistryWriter {
 public:
  RegistryWriter(MetricsFormat format, PieceWriter& out) : format_(format), out_(out) {}

  void write(const prometheus::MetricFamily& family) {
    if (family.metric.empty()) return;
    text_.clear();
    std::string_view name = family.name;
    if (format_ == MetricsFormat::openmetrics && family.type == prometheus::MetricType::Counter)
      name.remove_suffix(std::string_view("_total").size());
    append_family_header(text_, name, family.help, type_name(family.type), format_);
    for (const prometheus::ClientMetric& metric : family.metric) write_metric(family, metric);
    out_.append(text_);
  }

 private:
  void write_metric(const prometheus::MetricFamily& family, const prometheus::ClientMetric& metric) {
    if (family.type == prometheus::MetricType::Counter) {
      write_sample(family.name, "", metric, "", metric.counter.value);
    } else if (family.type == prometheus::MetricType::Gauge) {
      write_sample(family.name, "", metric, "", metric.gauge.value);
    } else {
      for (const auto& bucket : metric.histogram.bucket) {
        write_sample(family.name, "_bucket", metric, bucket_bound(bucket.upper_bound),
                     static_cast<double>(bucket.cumulative_count));
      }
      write_sample(family.name, "_count", metric, "", static_cast<double>(metric.histogram.sample_count));
      write_sample(family.name, "_sum", metric, "", metric.histogram.sample_sum);
    }
  }

  void write_sample(std::string_view name, std::string_view suffix, const prometheus::ClientMetric& metric,
                    std::string_view bound, double value) {
    text_.append(name).append(suffix);
    char separator = '{';
    const auto label = [&](std::string_view label_name, std::string_view label_value) {
      text_ += std::exchange(separator, ',');
      text_.append(label_name).append("=\"");
      append_escaped(text_, label_value, EscapeQuotes::yes);
      text_ += '"';
    };
    for (const auto& [label_name, label_value] : metric.label) label(label_name, label_value);
    if (!bound.empty()) label("le", bound);
    if (separator == ',') text_ += '}';
    text_.append(" ").append(number(value)).append("\n");
  }

  const MetricsFormat format_;
  PieceWriter& out_;
  std::string text_;
};

}  // namespace

void write_registry(const std::vector<prometheus::MetricFamily>& families, MetricsFormat format, PieceWriter& out) {
  RegistryWriter writer(format, out);
  for (const prometheus::MetricFamily& family : families) writer.write(family);
}

}  // namespace pgvigil
