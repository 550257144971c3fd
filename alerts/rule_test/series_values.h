#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgvigil {

// What one series of a rule test is at one step.
struct SeriesStep {
  enum class Kind {
    value,
    missing,  // its collector ran and did not report it
    error,    // its collector failed: nothing new is known
  };
  Kind kind = Kind::value;
  double value = 0;
  bool operator==(const SeriesStep&) const = default;
};

// The values of a series in promtool's notation, a step each: `5`, `NaN`, `1+2x3` (1 3 5 7), `10-1x2` (10 9 8), `5x3`
// (5 5 5 5), `_` and `_x3` (missing), `stale` (missing); and our own `error` and `error x3`, written errorx3. Otherwise
// what is wrong with it.
std::variant<std::vector<SeriesStep>, std::string> parse_series_values(std::string_view text);

}  // namespace pgvigil
