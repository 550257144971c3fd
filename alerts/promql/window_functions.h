#pragma once

#include <optional>
#include <vector>

#include "alerts/promql/functions.h"

// The functions over a window of samples, each as Prometheus 2.42 computes it (promql/functions.go): rates extrapolate
// to the ends of the window, sums are compensated, and the order of operations is theirs, so that the last digit agrees
// too.
namespace pgvigil::promql {

std::optional<double> avg_over_time(const Window& window);
std::optional<double> changes(const Window& window);
std::optional<double> count_over_time(const Window& window);
std::optional<double> delta(const Window& window);
std::optional<double> deriv(const Window& window);
std::optional<double> idelta(const Window& window);
std::optional<double> increase(const Window& window);
std::optional<double> irate(const Window& window);
std::optional<double> last_over_time(const Window& window);
std::optional<double> max_over_time(const Window& window);
std::optional<double> min_over_time(const Window& window);
std::optional<double> predict_linear(const Window& window);
std::optional<double> present_over_time(const Window& window);
std::optional<double> quantile_over_time(const Window& window);
std::optional<double> rate(const Window& window);
std::optional<double> resets(const Window& window);
std::optional<double> stddev_over_time(const Window& window);
std::optional<double> stdvar_over_time(const Window& window);
std::optional<double> sum_over_time(const Window& window);

// The q-quantile of the values, interpolated; infinite outside of [0, 1].
double quantile(double q, std::vector<double> values);

}  // namespace pgvigil::promql
