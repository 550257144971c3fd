#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "alerts/sample_ring.h"
#include "alerts/selector.h"

// Labels of the elements of a vector. They are views of rows that somebody else keeps (a snapshot, the history, a
// Workspace): an evaluation over ten thousand series copies none of them.
namespace pgvigil::promql {

// In what order the values of a row stand, and what they are the values of. Dropping labels means to look at the same
// row through another shape.
struct LabelShape {
  struct Column {
    std::string_view name;
    std::size_t name_hash = 0;
    std::size_t index = 0;  // in the row
  };
  std::string_view metric;      // __name__; empty when it has been dropped
  std::vector<Column> columns;  // by name
};

// One element's labels. An empty value is the same as no label. Copies are cheap and valid as long as shape and row.
class LabelSet {
 public:
  LabelSet() = default;
  LabelSet(const LabelShape& shape, const std::string* row) : shape_(&shape), row_(row) {}

  const LabelShape& shape() const { return *shape_; }
  const std::string* row() const { return row_; }
  std::string_view metric() const { return shape_->metric; }
  std::string_view value(std::string_view label) const;  // also of __name__; empty when there is none
  std::size_t hash() const;
  bool operator==(const LabelSet& other) const;
  Labels labels() const;  // without __name__

 private:
  const LabelShape* shape_ = nullptr;
  const std::string* row_ = nullptr;
};

// `metric{name="value", …}`, for messages.
std::string to_string(const LabelSet& labels);

// Keeps the shapes, rows and samples that an evaluation makes. What it hands out is valid as long as it lives. One
// thread.
class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // For rows whose values stand in the order of `names`; metric and names must outlive the workspace. Shapes are made
  // once for each `names` (by its address) and metric.
  const LabelShape& shape_of(std::string_view metric, const std::vector<std::string>& names);
  const LabelShape& add(LabelShape shape);
  // The same without such a promise: metric and names are copied, once for all equal ones.
  const LabelShape& copied_shape(std::string_view metric, std::span<const std::string> names);
  // Labels of their own, which are copied.
  LabelSet add(std::string_view metric, const Labels& labels);
  std::span<const Point> add(std::vector<Point> points) { return points_.emplace_back(std::move(points)); }

 private:
  struct Known {
    const std::vector<std::string>* names;
    const LabelShape* shape;
  };
  std::deque<LabelShape> shapes_;
  std::deque<std::vector<std::string>> texts_;
  std::deque<std::vector<Point>> points_;
  std::vector<Known> known_;
  std::unordered_map<std::string, const LabelShape*> copied_;
};

// Looks at label sets through fewer labels: `by`, `without`, `on`, `ignoring`, and what drops the metric's name.
class Projection {
 public:
  static Projection only(Workspace& workspace, const std::vector<std::string>& labels);
  static Projection without(Workspace& workspace, const std::vector<std::string>& labels, bool keep_metric = false);

  LabelSet operator()(const LabelSet& labels);

 private:
  Projection(Workspace& workspace, const std::vector<std::string>& labels, bool only, bool keep_metric)
      : workspace_(&workspace), labels_(&labels), only_(only), keep_metric_(keep_metric) {}
  const LabelShape& project(const LabelShape& shape);

  Workspace* workspace_;
  const std::vector<std::string>* labels_;
  bool only_;
  bool keep_metric_;
  std::vector<std::pair<const LabelShape*, const LabelShape*>> known_;  // few: vectors mix few families
};

// Finds the position that was noted for a label set: a hash table without an allocation for each entry.
class LabelIndex {
 public:
  explicit LabelIndex(std::size_t expected = 0) { slots_.resize(capacity_for(expected)); }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  // The position that is known for `labels`, or `none`.
  std::size_t find(const LabelSet& labels) const;
  // Notes `position` unless there is one; returns the one that was there, or `none`.
  std::size_t insert(const LabelSet& labels, std::size_t position);

 private:
  struct Slot {
    LabelSet labels;
    std::size_t hash = 0;
    std::size_t position = none;
  };
  static std::size_t capacity_for(std::size_t entries);
  std::size_t slot_of(const LabelSet& labels, std::size_t hash) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t used_ = 0;
};

}  // namespace pgvigil::promql
