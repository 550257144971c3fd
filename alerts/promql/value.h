#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <variant>
#include <vector>

#include "alerts/promql/label_set.h"
#include "alerts/sample_ring.h"

namespace pgvigil::promql {

// What is known of one element, from good to bad. Prometheus knows only the first; when everything is known, its answer
// is the answer here.
enum class Certainty : std::uint8_t {
  known,
  value_unknown,     // the subject is there, its value could not be read
  presence_unknown,  // whether it belongs to the vector depends on what is not known
};

struct Element {
  LabelSet labels;
  double value = 0;
  Certainty certainty = Certainty::known;
};

// An instant vector. When it is not complete there may be more elements than can be seen: the source of a metric in it
// did not report lately.
struct Vector {
  std::vector<Element> elements;
  bool complete = true;
};

struct Scalar {
  double value = 0;
  bool known = true;
};

using Value = std::variant<Scalar, Vector>;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

// The samples of one series in a window.
struct RangeSeries {
  LabelSet labels;
  std::span<const Point> points;
  bool known = true;  // enough of the window is filled
};

struct RangeVector {
  std::vector<RangeSeries> series;
  bool complete = true;
};

}  // namespace pgvigil::promql
