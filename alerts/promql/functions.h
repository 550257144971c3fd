#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "alerts/promql/ast.h"
#include "alerts/sample_ring.h"

namespace pgvigil::promql {

// One series' samples in a window, both ends included, in milliseconds.
struct Window {
  std::span<const Point> points;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t now = 0;  // the time of the evaluation, which an offset makes another one than `end`
  std::span<const double> parameters;
};

// Of one value and the function's numbers; false when the element is dropped.
using ElementFunction = bool (*)(double& value, std::span<const double> parameters);
// Of one series' window; nothing when it gives no element.
using RangeFunction = std::optional<double> (*)(const Window& window);

// Those that work on more than one element, or on labels.
enum class Special { time, timestamp, scalar, vector, absent, absent_over_time, label_replace, label_join };

struct Function {
  std::string_view name;
  std::vector<Type> arguments;
  std::size_t optional = 0;  // how many at the end may be left out
  bool variadic = false;     // the last may be repeated, or left out
  Type returns = Type::vector;
  std::variant<ElementFunction, RangeFunction, Special> how;
  std::vector<double> defaults = {};  // of the numbers that were left out
  bool keeps_name = false;
};

// nullptr when there is none. PromQL's names are in lower case.
const Function* find_function(std::string_view name);

// What to say about a function that is not there.
std::string unknown_function(std::string_view name);

}  // namespace pgvigil::promql
