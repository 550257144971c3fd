#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgvigil {

enum class MetricType {
  gauge,
  counter,
  unknown,  // a name that is kept for another exporter's sake and tells the wrong type
};

// "gauge", as OpenMetrics writes it.
std::string_view to_string(MetricType type);

// The label values of many series, row by row. The families that a query's columns make have the same rows and share
// them: a table of a hundred thousand rows and thirty metrics keeps its names once.
class LabelRows {
 public:
  explicit LabelRows(std::size_t width) : width_(width) {}

  // `row` has `width` values.
  void add(std::span<const std::string> row);
  void reserve(std::size_t rows) { values_.reserve(rows * width_); }

  std::size_t size() const { return size_; }
  std::size_t width() const { return width_; }
  std::span<const std::string> operator[](std::size_t row) const {
    return std::span(values_).subspan(row * width_, width_);
  }

 private:
  std::size_t width_;
  std::size_t size_ = 0;
  std::vector<std::string> values_;
};

// One time series' value, with what it owns: how series are added one by one.
struct Sample {
  std::vector<std::string> label_values;
  double value = 0;
};

// One time series' current value, as it is read. Its label values stand in the order of its family's label names, so
// that two series of a family cannot disagree about which labels there are. NaN says that the subject is there and its
// value is not known: /metrics leaves such a series out, and a rule must not take it for a subject that is gone.
struct SeriesView {
  std::span<const std::string> label_values;
  double value = 0;
};

// The series of a family: label rows, perhaps shared with other families, and a value for each. A copy shares the rows
// and is independent all the same. Not thread-safe while it is changed.
class Samples {
 public:
  class Iterator;

  Samples() = default;
  Samples(std::initializer_list<Sample> samples);
  // As many values as there are rows.
  Samples(std::shared_ptr<const LabelRows> rows, std::vector<double> values);

  void push_back(const Sample& sample);

  bool empty() const { return values_.empty(); }
  std::size_t size() const { return values_.size(); }
  SeriesView operator[](std::size_t index) const { return {(*rows_)[index], values_[index]}; }
  SeriesView front() const { return (*this)[0]; }
  Iterator begin() const;
  Iterator end() const;

  // For who writes many families of the same rows; null when there are no series.
  const std::shared_ptr<const LabelRows>& rows() const { return rows_; }
  const std::vector<double>& values() const { return values_; }

 private:
  std::shared_ptr<const LabelRows> rows_;
  std::shared_ptr<LabelRows> own_rows_;  // the same rows while only this object knows them, so that more can be added
  std::vector<double> values_;
};

class Samples::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = SeriesView;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = SeriesView;

  Iterator(const Samples& samples, std::size_t index) : samples_(&samples), index_(index) {}
  SeriesView operator*() const { return (*samples_)[index_]; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Samples* samples_;
  std::size_t index_;
};

inline Samples::Iterator Samples::begin() const {
  return {*this, 0};
}
inline Samples::Iterator Samples::end() const {
  return {*this, size()};
}

// All series of one metric name. A family without samples is information too: its task ran and there was nothing to
// report, which is not the same as a task that failed.
struct Family {
  std::string name;
  std::string help;
  MetricType type = MetricType::gauge;
  std::vector<std::string> label_names;
  Samples samples;
};

// How many series have a known value.
std::size_t known_series(const Family& family);

}  // namespace pgvigil
