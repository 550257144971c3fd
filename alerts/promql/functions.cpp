#include "alerts/promql/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "alerts/promql/window_functions.h"
#include "core/text.h"

namespace pgvigil::promql {

namespace {

using Parameters = std::span<const double>;

template <double (*function)(double)>
bool apply(double& value, Parameters) {
  value = function(value);
  return true;
}

double sign(double v) {
  if (v < 0) return -1;
  return v > 0 ? 1 : v;
}

// Go's math.Min and math.Max: NaN wins, unlike fmin and fmax.
double least(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::min(a, b);
}
double greatest(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return std::max(a, b);
}

bool round_to(double& value, Parameters parameters) {
  // As Prometheus does it: multiplying by the inverse keeps 0.1 and the like exact where they can be.
  const double inverse = 1 / parameters[0];
  value = std::floor(value * inverse + 0.5) / inverse;
  return true;
}

bool clamp(double& value, Parameters parameters) {
  if (parameters[1] < parameters[0]) return false;
  value = greatest(parameters[0], least(parameters[1], value));
  return true;
}

bool clamp_min(double& value, Parameters parameters) {
  value = greatest(parameters[0], value);
  return true;
}

bool clamp_max(double& value, Parameters parameters) {
  value = least(parameters[0], value);
  return true;
}

Function element(std::string_view name, ElementFunction how) {
  return {name, {Type::vector}, 0, false, Type::vector, how};
}
Function window(std::string_view name, RangeFunction how) {
  return {name, {Type::range}, 0, false, Type::vector, how};
}

std::vector<Function> make_functions() {
  constexpr auto scalar = Type::scalar;
  constexpr auto vector = Type::vector;
  constexpr auto range = Type::range;
  constexpr auto text = Type::text;
  return {
      element("abs", apply<std::fabs>),
      element("ceil", apply<std::ceil>),
      element("exp", apply<std::exp>),
      element("floor", apply<std::floor>),
      element("ln", apply<std::log>),
      element("log10", apply<std::log10>),
      element("log2", apply<std::log2>),
      element("sgn", apply<sign>),
      element("sqrt", apply<std::sqrt>),
      {"clamp", {vector, scalar, scalar}, 0, false, vector, ElementFunction(clamp)},
      {"clamp_max", {vector, scalar}, 0, false, vector, ElementFunction(clamp_max)},
      {"clamp_min", {vector, scalar}, 0, false, vector, ElementFunction(clamp_min)},
      {"round", {vector, scalar}, 1, false, vector, ElementFunction(round_to), {1}},
      window("avg_over_time", avg_over_time),
      window("changes", changes),
      window("count_over_time", count_over_time),
      window("delta", delta),
      window("deriv", deriv),
      window("idelta", idelta),
      window("increase", increase),
      window("irate", irate),
      {"last_over_time", {range}, 0, false, vector, RangeFunction(last_over_time), {}, true},
      window("max_over_time", max_over_time),
      window("min_over_time", min_over_time),
      {"predict_linear", {range, scalar}, 0, false, vector, RangeFunction(predict_linear)},
      window("present_over_time", present_over_time),
      {"quantile_over_time", {scalar, range}, 0, false, vector, RangeFunction(quantile_over_time)},
      window("rate", rate),
      window("resets", resets),
      window("stddev_over_time", stddev_over_time),
      window("stdvar_over_time", stdvar_over_time),
      window("sum_over_time", sum_over_time),
      {"absent", {vector}, 0, false, vector, Special::absent},
      {"absent_over_time", {range}, 0, false, vector, Special::absent_over_time},
      {"label_join", {vector, text, text, text}, 0, true, vector, Special::label_join},
      {"label_replace", {vector, text, text, text, text}, 0, false, vector, Special::label_replace},
      {"scalar", {vector}, 0, false, scalar, Special::scalar},
      {"time", {}, 0, false, scalar, Special::time},
      {"timestamp", {vector}, 0, false, vector, Special::timestamp},
      {"vector", {scalar}, 0, false, vector, Special::vector},
  };
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = make_functions();
  return all;
}

}  // namespace

const Function* find_function(std::string_view name) {
  for (const Function& function : functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::string unknown_function(std::string_view name) {
  std::vector<std::string> names;
  for (const Function& function : functions()) names.emplace_back(function.name);
  for (const auto* aggregate : {"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"}) {
    names.emplace_back(aggregate);
  }
  const auto meant = closest(name, names);
  return fmt::format("the function {} is not supported{}", name,
                     meant ? fmt::format("; did you mean {}?", *meant) : "");
}

}  // namespace pgvigil::promql
