#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pgvigil {

// One sample of a series: when, in milliseconds, and what.
struct Point {
  std::int64_t time = 0;
  double value = 0;
};

// The samples of one series in the order of time, as one piece of memory: what is forgotten in front makes room at
// the end only now and then.
class SampleRing {
 public:
  bool empty() const { return first_ == points_.size(); }
  std::size_t size() const { return points_.size() - first_; }
  const Point& back() const { return points_.back(); }
  const Point& front() const { return points_[first_]; }
  std::span<const Point> points() const { return std::span(points_).subspan(first_); }

  void push_back(const Point& point) { points_.push_back(point); }
  void replace_back(const Point& point) { points_.back() = point; }

  void forget_before(std::int64_t time) {
    while (first_ < points_.size() && points_[first_].time < time) ++first_;
    if (first_ < 16 || 2 * first_ < points_.size()) return;
    points_.erase(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  // Those with start <= time <= end.
  std::span<const Point> between(std::int64_t start, std::int64_t end) const {
    const auto all = points();
    const auto from = std::lower_bound(all.begin(), all.end(), start,
                                       [](const Point& point, std::int64_t time) { return point.time < time; });
    const auto to =
        std::upper_bound(from, all.end(), end, [](std::int64_t time, const Point& point) { return time < point.time; });
    return all.subspan(static_cast<std::size_t>(from - all.begin()), static_cast<std::size_t>(to - from));
  }

 private:
  std::vector<Point> points_;
  std::size_t first_ = 0;
};

}  // namespace pgvigil
