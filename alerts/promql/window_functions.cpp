#include "alerts/promql/window_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pgvigil::promql {

namespace {

using Points = std::span<const Point>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double seconds_of(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

// Kahan's summation in Neumaier's form.
class Sum {
 public:
  void add(double increment) {
    const double next = sum_ + increment;
    lost_ += std::abs(sum_) >= std::abs(increment) ? (sum_ - next) + increment : (increment - next) + sum_;
    sum_ = next;
  }
  double raw() const { return sum_; }
  double total() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

// What the values rose by; a counter that falls has been reset.
double rise(Points points, bool is_counter) {
  double result = points.back().value - points.front().value;
  if (!is_counter) return result;
  double before = points.front().value;
  for (const Point& point : points.subspan(1)) {
    if (point.value < before) result += before;
    before = point.value;
  }
  return result;
}

// The rise of a window, as if the samples reached its ends when they come near, and half an interval further when they
// do not; a counter is not extended below zero.
std::optional<double> extrapolated(const Window& window, bool is_counter, bool is_rate) {
  const Points points = window.points;
  if (points.size() < 2) return std::nullopt;
  double result = rise(points, is_counter);
  double to_start = seconds_of(points.front().time - window.start);
  const double to_end = seconds_of(window.end - points.back().time);
  const double sampled = seconds_of(points.back().time - points.front().time);
  const double average_interval = sampled / static_cast<double>(points.size() - 1);
  if (is_counter && result > 0 && points.front().value >= 0) {
    to_start = std::min(to_start, sampled * (points.front().value / result));
  }
  const double near = average_interval * 1.1;
  double covered = sampled;
  covered += to_start < near ? to_start : average_interval / 2;
  covered += to_end < near ? to_end : average_interval / 2;
  double factor = covered / sampled;
  if (is_rate) factor /= seconds_of(window.end - window.start);
  return result * factor;
}

std::optional<double> between_last_two(const Window& window, bool is_rate) {
  if (window.points.size() < 2) return std::nullopt;
  const Point& last = window.points.back();
  const Point& before = window.points[window.points.size() - 2];
  const double difference = is_rate && last.value < before.value ? last.value : last.value - before.value;
  if (last.time == before.time) return std::nullopt;
  return is_rate ? difference / seconds_of(last.time - before.time) : difference;
}

struct Line {
  double slope = 0;
  double intercept = 0;
};

Line regression(Points points, std::int64_t origin) {
  const double first = points.front().value;
  if (std::all_of(points.begin(), points.end(), [&](const Point& point) { return point.value == first; })) {
    return std::isinf(first) ? Line{nan, nan} : Line{0, first};
  }
  Sum x_sum;
  Sum y_sum;
  Sum xy_sum;
  Sum xx_sum;
  for (const Point& point : points) {
    const double x = seconds_of(point.time - origin);
    x_sum.add(x);
    y_sum.add(point.value);
    xy_sum.add(x * point.value);
    xx_sum.add(x * x);
  }
  const auto n = static_cast<double>(points.size());
  const double covariance = xy_sum.total() - x_sum.total() * y_sum.total() / n;
  const double variance = xx_sum.total() - x_sum.total() * x_sum.total() / n;
  const double slope = covariance / variance;
  return {slope, y_sum.total() / n - slope * x_sum.total() / n};
}

double variance(Points points) {
  double count = 0;
  Sum mean;
  Sum squares;
  for (const Point& point : points) {
    ++count;
    const double from_mean = point.value - mean.total();
    mean.add(from_mean / count);
    squares.add(from_mean * (point.value - mean.total()));
  }
  return squares.total() / count;
}

template <typename Better>
double extreme(Points points, Better better) {
  double result = points.front().value;
  for (const Point& point : points) {
    if (better(point.value, result) || std::isnan(result)) result = point.value;
  }
  return result;
}

template <typename Differs>
double count_steps(Points points, Differs differs) {
  double count = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (differs(points[i - 1].value, points[i].value)) ++count;
  }
  return count;
}

}  // namespace

std::optional<double> rate(const Window& window) {
  return extrapolated(window, true, true);
}
std::optional<double> increase(const Window& window) {
  return extrapolated(window, true, false);
}
std::optional<double> delta(const Window& window) {
  return extrapolated(window, false, false);
}
std::optional<double> irate(const Window& window) {
  return between_last_two(window, true);
}
std::optional<double> idelta(const Window& window) {
  return between_last_two(window, false);
}

std::optional<double> deriv(const Window& window) {
  if (window.points.size() < 2) return std::nullopt;
  return regression(window.points, window.points.front().time).slope;
}

std::optional<double> predict_linear(const Window& window) {
  if (window.points.size() < 2) return std::nullopt;
  const Line line = regression(window.points, window.now);
  return line.slope * window.parameters[0] + line.intercept;
}

std::optional<double> changes(const Window& window) {
  return count_steps(window.points, [](double before, double after) {
    return before != after && !(std::isnan(before) && std::isnan(after));
  });
}

std::optional<double> resets(const Window& window) {
  return count_steps(window.points, [](double before, double after) { return after < before; });
}

std::optional<double> avg_over_time(const Window& window) {
  double count = 0;
  Sum mean;
  for (const Point& point : window.points) {
    ++count;
    const double so_far = mean.raw();
    // An infinite mean stays what it is unless the other infinity or NaN comes.
    if (std::isinf(so_far) && !std::isnan(point.value) && (!std::isinf(point.value) || so_far == point.value)) continue;
    mean.add(point.value / count - so_far / count);
  }
  return std::isinf(mean.raw()) ? mean.raw() : mean.total();
}

std::optional<double> sum_over_time(const Window& window) {
  Sum sum;
  for (const Point& point : window.points) sum.add(point.value);
  return std::isinf(sum.raw()) ? sum.raw() : sum.total();
}

std::optional<double> count_over_time(const Window& window) {
  return static_cast<double>(window.points.size());
}
std::optional<double> present_over_time(const Window&) {
  return 1;
}
std::optional<double> last_over_time(const Window& window) {
  return window.points.back().value;
}
std::optional<double> max_over_time(const Window& window) {
  return extreme(window.points, [](double a, double b) { return a > b; });
}
std::optional<double> min_over_time(const Window& window) {
  return extreme(window.points, [](double a, double b) { return a < b; });
}
std::optional<double> stdvar_over_time(const Window& window) {
  return variance(window.points);
}
std::optional<double> stddev_over_time(const Window& window) {
  return std::sqrt(variance(window.points));
}

std::optional<double> quantile_over_time(const Window& window) {
  std::vector<double> values;
  values.reserve(window.points.size());
  for (const Point& point : window.points) values.push_back(point.value);
  return quantile(window.parameters[0], std::move(values));
}

double quantile(double q, std::vector<double> values) {
  if (values.empty() || std::isnan(q)) return nan;
  if (q < 0) return -infinity;
  if (q > 1) return infinity;
  // NaN counts as smaller than everything.
  std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; });
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::size_t>(std::max(0.0, std::floor(rank)));
  const std::size_t upper = std::min(values.size() - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

}  // namespace pgvigil::promql
