#include "core/sample.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace pgvigil {

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::gauge: return "gauge";
    case MetricType::counter: return "counter";
    case MetricType::unknown: return "unknown";
  }
  return "unknown";
}

void LabelRows::add(std::span<const std::string> row) {
  if (row.size() != width_) throw Error(Error::Kind::invalid, "a row has another number of labels than its family");
  values_.insert(values_.end(), row.begin(), row.end());
  ++size_;
}

Samples::Samples(std::initializer_list<Sample> samples) {
  for (const Sample& sample : samples) push_back(sample);
}

Samples::Samples(std::shared_ptr<const LabelRows> rows, std::vector<double> values)
    : rows_(std::move(rows)), values_(std::move(values)) {
  if (rows_->size() != values_.size())
    throw Error(Error::Kind::invalid, "a family has another number of values than rows");
}

void Samples::push_back(const Sample& sample) {
  // rows_ and own_rows_ are the two owners that this object itself makes.
  if (!own_rows_ || rows_.use_count() > 2) {
    own_rows_ = rows_ ? std::make_shared<LabelRows>(*rows_) : std::make_shared<LabelRows>(sample.label_values.size());
    rows_ = own_rows_;
  }
  own_rows_->add(sample.label_values);
  values_.push_back(sample.value);
}

std::size_t known_series(const Family& family) {
  const std::vector<double>& values = family.samples.values();
  return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); }));
}

}  // namespace pgvigil
